#ifndef WARREN_CORE_CRYPTO_DIGEST_H_
#define WARREN_CORE_CRYPTO_DIGEST_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

// SHA-2 (FIPS 180-4) and HMAC over it (RFC 2104), for what speaks to the web:
// sign-in with other providers, passkeys, signed webhooks. Our own protocols
// use BLAKE2s.
namespace warren::crypto {

// SHA-1 is for one-time codes (RFC 6238) alone, where it does no harm.
enum class Hash : uint8_t { kSha256, kSha384, kSha512, kSha1 };

// 32, 48, 64 or 20 bytes.
std::vector<uint8_t> Digest(Hash hash, Bytes data);
// As many bytes as the hash has.
std::vector<uint8_t> Hmac(Hash hash, Bytes key, Bytes data);

// The one of blake2s.h, for those who do without its names.
std::array<uint8_t, 32> Sha256(Bytes data);

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_DIGEST_H_
