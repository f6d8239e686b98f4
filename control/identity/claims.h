#ifndef WARREN_CONTROL_IDENTITY_CLAIMS_H_
#define WARREN_CONTROL_IDENTITY_CLAIMS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "control/identity/identity.h"
#include "control/identity/json.h"
#include "control/identity/provider_config.h"
#include "core/crypto/signature.h"

// What the claims of a provider mean. Pure functions; a token's signature was
// checked before (jwt.h).
namespace warren::control {

// What an ID token must agree with.
struct ExpectedToken {
  std::string issuer{};
  std::string client_id{};
  std::string nonce{};
  // Of the same answer, for at_hash. "" if there was none.
  std::string access_token{};
  crypto::SignatureAlgorithm algorithm = crypto::SignatureAlgorithm::kRs256;
  absl::Time now{};
  absl::Duration leeway{};
};

// OpenID Connect Core §3.1.3.7: iss, aud, azp, exp, nbf, iat, nonce, at_hash.
// UNAUTHENTICATED names the claim that is wrong. IdentityFromClaims() checks
// sub.
absl::Status CheckIdToken(const Json& claims, const ExpectedToken& expected);

// Adds what userinfo (OIDC Core §5.3) tells and the ID token does not.
// email and email_verified stay a pair: those of the ID token if it has both.
// UNAUTHENTICATED: it is about somebody else.
absl::Status MergeUserinfo(const Json& userinfo, Json& claims);

// The person that `claims` describe, at `config`. UNAUTHENTICATED: the subject
// or the groups are not as they may be (identity.h).
absl::StatusOr<Identity> IdentityFromClaims(const Json& claims,
                                            const ProviderConfig& config);

// `text` if a person may be called so: at most kMaxProfileText bytes, no
// control characters. Otherwise "".
std::string ProfileText(absl::string_view text);

// Sorts, drops doubles. UNAUTHENTICATED: too many, or one too long, empty or
// with control characters.
absl::Status SetGroups(std::vector<std::string> groups, Identity& identity);

// PERMISSION_DENIED says which rule of `admission` lets `identity` not in.
absl::Status CheckAdmission(const ProviderAdmission& admission,
                            const Identity& identity);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_CLAIMS_H_
