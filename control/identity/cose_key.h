#ifndef WARREN_CONTROL_IDENTITY_COSE_KEY_H_
#define WARREN_CONTROL_IDENTITY_COSE_KEY_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/crypto/signature.h"

namespace warren::control {

// A public key as authenticators write it (COSE, RFC 9052 §7): ES256 on P-256,
// EdDSA on Ed25519 or RS256.
struct CoseKey {
  crypto::SignatureAlgorithm algorithm;
  crypto::VerifyKey key;
  size_t size = 0;  // bytes it took of `data`
};
// From the front of `data`. INVALID_ARGUMENT: malformed, or another kind.
absl::StatusOr<CoseKey> ReadCoseKey(Bytes data);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_COSE_KEY_H_
