#ifndef WARREN_CONTROL_IDENTITY_GITHUB_H_
#define WARREN_CONTROL_IDENTITY_GITHUB_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/identity/identity.h"
#include "control/identity/json.h"
#include "control/identity/provider.h"
#include "control/identity/provider_config.h"
#include "io/http_client.h"

namespace warren::control {

// Signing in by GitHub's OAuth ("Authorizing OAuth apps" and the REST API's
// "Users", "Emails", "Organizations" and "Teams"). There is no ID token: who
// it is comes from the API, over TLS, by the access token of this code alone.
//
//   subject   the account's number, which stays when the login changes
//   email     the primary address, if GitHub has verified it
//   groups    "organisation" and "organisation/team-slug", in lower case, if
//             the scope read:org is asked for (it is, by default)
class GithubProvider final : public Provider {
 public:
  // `config` passed CheckProviderConfig().
  GithubProvider(const ProviderConfig& config,
                 std::unique_ptr<io::HttpCaller> caller);

  absl::StatusOr<std::string> AuthorizationUrl(
      const AuthorizationRequest& request) override;
  absl::StatusOr<Identity> Redeem(const Redemption& redemption) override;

 private:
  // All pages of a list.
  absl::StatusOr<Json> FetchList(absl::string_view path,
                                 absl::string_view token);
  absl::Status AddEmail(absl::string_view token, Identity& identity);
  absl::Status AddGroups(absl::string_view token, Identity& identity);

  const ProviderConfig config_;
  const std::string base_;  // "https://github.com"
  const std::string api_;   // "https://api.github.com"
  const std::vector<std::string> scopes_;
  const std::unique_ptr<io::HttpCaller> caller_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_GITHUB_H_
