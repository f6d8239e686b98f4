#include "control/identity/provider.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/identity/github.h"
#include "control/identity/oidc.h"
#include "core/base/status_macros.h"

namespace warren::control {

absl::StatusOr<std::unique_ptr<Provider>> MakeProvider(
    const ProviderConfig& config, std::unique_ptr<io::HttpCaller> caller,
    const TimeSource& time) {
  WARREN_RETURN_IF_ERROR(CheckProviderConfig(config));
  std::unique_ptr<Provider> provider;
  if (config.kind == ProviderKind::kGithub) {
    provider = std::make_unique<GithubProvider>(config, std::move(caller));
  } else {
    provider = std::make_unique<OidcProvider>(config, std::move(caller), time);
  }
  return provider;
}

absl::StatusOr<std::unique_ptr<io::HttpCaller>> MakeProviderCaller(
    const ProviderConfig& config, const io::Cancel& cancel) {
  io::HttpClientOptions options;
  options.extra_roots = config.network.extra_roots;
  options.allow_private_addresses = config.network.allow_private_addresses;
  return io::HttpClient::Make(options, cancel);
}

std::string WithQuery(absl::string_view endpoint,
                      const io::HttpHeaders& fields) {
  return absl::StrCat(endpoint, absl::StrContains(endpoint, "?") ? "&" : "?",
                      io::FormEncode(fields));
}

}  // namespace warren::control
