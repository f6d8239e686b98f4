#ifndef WARREN_CORE_CRYPTO_BLAKE2S_H_
#define WARREN_CORE_CRYPTO_BLAKE2S_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "core/base/bytes.h"
#include "core/crypto/secret.h"

namespace warren::crypto {

using Digest = std::array<uint8_t, 32>;
using Mac128 = std::array<uint8_t, 16>;

// BLAKE2s (RFC 7693) in pieces. Update any number of times, Finish once.
// Not copyable; wiped on destruction, since it may be keyed.
class Blake2s {
 public:
  // Unkeyed, 32 bytes out: WireGuard's and Noise's HASH.
  Blake2s();
  // Keyed (RFC 7693 §2.9). `key`: at most 32 bytes; of none, unkeyed.
  // `digest_size`: 1 to 32 bytes.
  Blake2s(Bytes key, size_t digest_size);
  Blake2s(const Blake2s&) = delete;
  Blake2s& operator=(const Blake2s&) = delete;
  ~Blake2s();

  Blake2s& Update(Bytes data);
  // Writes the digest: `out` must have the digest_size given.
  void Finish(MutableBytes out);

 private:
  // libb2's state, hidden so that its header is seen here only.
  alignas(16) std::array<uint8_t, 192> state_;
};

// BLAKE2s-256 of the concatenation of `parts`.
Digest Blake2s256(std::initializer_list<Bytes> parts);
inline Digest Blake2s256(Bytes data) { return Blake2s256({data}); }

// WireGuard's MAC (whitepaper §5.4): keyed BLAKE2s with 16 bytes out. `key`:
// 1 to 32 bytes.
Mac128 Blake2sMac128(Bytes key, Bytes message);

// HMAC (RFC 2104) over BLAKE2s-256 (block 64) of the concatenation of `parts`.
// Not BLAKE2s's keyed mode.
SymmetricKey HmacBlake2s(Bytes key, std::initializer_list<Bytes> parts);

// WireGuard's KDF_n, which is Noise's HKDF: HMAC(key, input) expanded to n
// outputs (whitepaper §5.4; Noise §4.3).
std::array<SymmetricKey, 1> Kdf1(Bytes key, Bytes input);
std::array<SymmetricKey, 2> Kdf2(Bytes key, Bytes input);
std::array<SymmetricKey, 3> Kdf3(Bytes key, Bytes input);

// SHA-256 (FIPS 180-4), to store keys by their hash and to check files.
Digest Sha256(Bytes data);

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_BLAKE2S_H_
