#include "control/identity/provider_record.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "control/identity/json.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr int64_t kDefaultLeewayMs = 60'000;

template <class List>
std::vector<std::string> Texts(const List& list) {
  return std::vector<std::string>(list.begin(), list.end());
}

absl::StatusOr<ProviderKind> KindNamed(absl::string_view name) {
  for (const ProviderKind kind :
       {ProviderKind::kOidc, ProviderKind::kGithub, ProviderKind::kApple}) {
    if (ToString(kind) == name) return kind;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("provider: kind must be oidc, github or apple, not \"",
                   Printable(name), "\""));
}

// Not checked yet.
absl::StatusOr<ProviderConfig> Draft(ProviderId id,
                                     const v1::Provider& provider,
                                     absl::string_view secret) {
  ProviderConfig config;
  config.id = absl::StrCat(id.value());
  WARREN_ASSIGN_OR_RETURN(config.kind, KindNamed(provider.kind()));
  config.name = provider.name();
  config.issuer = provider.issuer();
  config.client_id = provider.client_id();
  config.client_secret = std::string(secret);
  config.scopes = Texts(provider.scopes());
  config.admission = {Texts(provider.allowed_domains()),
                      Texts(provider.allowed_users()),
                      Texts(provider.allowed_groups())};
  if (!provider.groups_claim().empty()) {
    config.groups_claim = provider.groups_claim();
  }
  config.apple = {provider.apple_team_id(), provider.apple_key_id()};
  config.network = {provider.ca_certificates(),
                    provider.allow_private_addresses()};
  config.leeway = absl::Milliseconds(provider.clock_leeway_ms() == 0
                                         ? kDefaultLeewayMs
                                         : provider.clock_leeway_ms());
  return config;
}

}  // namespace

absl::StatusOr<ProviderConfig> ProviderConfigOf(ProviderId id,
                                                const v1::Provider& provider,
                                                absl::string_view secret) {
  WARREN_ASSIGN_OR_RETURN(ProviderConfig config, Draft(id, provider, secret));
  WARREN_RETURN_IF_ERROR(CheckProviderConfig(config));
  return config;
}

absl::Status CheckProvider(ProviderId id, const v1::Provider& provider) {
  WARREN_ASSIGN_OR_RETURN(const ProviderConfig config, Draft(id, provider, ""));
  return CheckProviderButSecret(config);
}

std::string ProviderSecretPlace(ProviderId id) {
  return SealPlace("providers.secret", id.value());
}

absl::StatusOr<ProviderConfig> ProviderConfigOf(const ProviderRecord& record,
                                                const SealKey& key) {
  v1::Provider provider;
  if (!provider.ParseFromString(record.config)) {
    return absl::DataLossError(absl::StrCat(
        "provider ", record.name, ": its configuration cannot be read"));
  }
  provider.set_name(record.name);
  WARREN_ASSIGN_OR_RETURN(
      const std::string secret,
      Unseal(key, ProviderSecretPlace(record.id), record.secret));
  return ProviderConfigOf(record.id, provider, secret);
}

}  // namespace warren::control
