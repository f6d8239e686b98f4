#ifndef WARREN_CONTROL_IDENTITY_PROVIDER_H_
#define WARREN_CONTROL_IDENTITY_PROVIDER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "control/identity/identity.h"
#include "control/identity/provider_config.h"
#include "core/base/instant.h"
#include "io/cancel.h"
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

// Caches go by the monotonic clock, tokens by the calendar.
struct TimeSource {
  std::function<Instant()> now{};
  std::function<absl::Time()> wall{};
};

// One configured provider, with what is known of it. Thread-safe; the calls
// block. Errors are SignIn's.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual absl::StatusOr<std::string> AuthorizationUrl(
      const AuthorizationRequest& request) = 0;
  // Exchanges the code and checks all that came. Not the admission.
  virtual absl::StatusOr<Identity> Redeem(const Redemption& redemption) = 0;
};

// INVALID_ARGUMENT as CheckProviderConfig().
absl::StatusOr<std::unique_ptr<Provider>> MakeProvider(
    const ProviderConfig& config, std::unique_ptr<io::HttpCaller> caller,
    const TimeSource& time);

// Who carries the calls to a real one. `cancel` must outlive it.
absl::StatusOr<std::unique_ptr<io::HttpCaller>> MakeProviderCaller(
    const ProviderConfig& config, const io::Cancel& cancel);

// `endpoint` with `fields` behind those that its query has.
std::string WithQuery(absl::string_view endpoint,
                      const io::HttpHeaders& fields);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_PROVIDER_H_
