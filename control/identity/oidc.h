#ifndef WARREN_CONTROL_IDENTITY_OIDC_H_
#define WARREN_CONTROL_IDENTITY_OIDC_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "control/identity/discovery.h"
#include "control/identity/fetch.h"
#include "control/identity/identity.h"
#include "control/identity/json.h"
#include "control/identity/jwk.h"
#include "control/identity/jwt.h"
#include "control/identity/provider.h"
#include "control/identity/provider_config.h"
#include "core/crypto/signature.h"
#include "io/http_client.h"

namespace warren::control {

// How long the provider's documents are trusted unasked, and how often a
// signature by an unknown key may make us look for new keys.
inline constexpr absl::Duration kDiscoveryLifetime = absl::Hours(1);
inline constexpr absl::Duration kKeysLifetime = absl::Hours(1);
inline constexpr absl::Duration kKeysPause = absl::Minutes(1);

// OpenID Connect Core 1.0, code flow with PKCE; Sign in with Apple, too, which
// is that but for the client's secret and the way the answer comes back.
class OidcProvider final : public Provider {
 public:
  // `config` passed CheckProviderConfig().
  OidcProvider(const ProviderConfig& config,
               std::unique_ptr<io::HttpCaller> caller, TimeSource time);

  absl::StatusOr<std::string> AuthorizationUrl(
      const AuthorizationRequest& request) override;
  absl::StatusOr<Identity> Redeem(const Redemption& redemption) override;

 private:
  using DiscoveryPtr = std::shared_ptr<const Discovery>;

  absl::StatusOr<DiscoveryPtr> Discover();
  io::HttpCall TokenCall(const Discovery& discovery,
                         const Redemption& redemption) const;
  absl::StatusOr<VerifiedToken> Verify(const Discovery& discovery,
                                       absl::string_view token);
  absl::Status AddUserinfo(const Discovery& discovery, const Json& answer,
                           Json& claims);

  const ProviderConfig config_;
  const std::string issuer_;
  const std::unique_ptr<io::HttpCaller> caller_;
  const TimeSource time_;
  const std::optional<crypto::Es256PrivateKey> apple_key_;
  Cached<Discovery> discovery_{kDiscoveryLifetime, absl::ZeroDuration()};
  Cached<JwkSet> keys_{kKeysLifetime, kKeysPause};
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_OIDC_H_
