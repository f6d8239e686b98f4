#ifndef WARREN_CONTROL_IDENTITY_JWT_H_
#define WARREN_CONTROL_IDENTITY_JWT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/identity/json.h"
#include "control/identity/jwk.h"
#include "core/crypto/signature.h"

// Signed tokens: JWS in compact form (RFC 7515 §3.1) with JSON claims (RFC
// 7519), by the advice of RFC 8725. There is no way to read a token here that
// does not check its signature.
namespace warren::control {

inline constexpr size_t kMaxTokenSize = 256 * 1024;

struct VerifiedToken {
  Json claims{};
  crypto::SignatureAlgorithm algorithm = crypto::SignatureAlgorithm::kRs256;
};

// The claims of `token`, signed by one of `keys`. What they say is not looked
// at: not even whether they have expired.
//   NOT_FOUND        signed by a key that is not in `keys`: it may be new
//   UNAUTHENTICATED  anything else that is wrong; says what
absl::StatusOr<VerifiedToken> VerifyToken(absl::string_view token,
                                          const JwkSet& keys);

// Signs `claims` by ES256. `kid` goes into the header.
std::string SignToken(const Json& claims, absl::string_view kid,
                      const crypto::Es256PrivateKey& key);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_JWT_H_
