#ifndef WARREN_CONTROL_IDENTITY_PROVIDER_H_
#define WARREN_CONTROL_IDENTITY_PROVIDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "control/identity/identity.h"
#include "control/identity/provider_config.h"
#include "core/base/instant.h"
#include "io/http_client.h"

namespace warren::control {

// What goes into the URL that sends a browser to the provider.
struct AuthorizationRequest {
  std::string redirect_uri{};
  std::string state{};
  std::string nonce{};
  std::string code_challenge{};  // S256 of the code verifier
};

// What came back, and what it must agree with.
struct Redemption {
  std::string redirect_uri{};
  std::string code{};
  std::string code_verifier{};
  std::string nonce{};
  std::string issuer{};  // "iss" of the callback, "" if absent
  std::string user{};    // Apple's first consent, "" if absent
};

// The time of a call: caches go by the monotonic clock, tokens by the calendar.
struct Times {
  Instant now{};
  absl::Time wall{};
};

// One configured provider, with what is known of it. Thread-safe; the calls
// block. Errors are SignIn's.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual absl::StatusOr<std::string> AuthorizationUrl(
      const AuthorizationRequest& request, const Times& times) = 0;
  // Exchanges the code, checks all that came, and the admission.
  virtual absl::StatusOr<Identity> Redeem(const Redemption& redemption,
                                          const Times& times) = 0;
  virtual const ProviderConfig& config() const = 0;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_PROVIDER_H_
