#include "control/identity/provider_config.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/crypto/signature.h"
#include "io/http_url.h"
#include "io/tls.h"

namespace warren::control {
namespace {

constexpr size_t kMaxText = 255;
constexpr size_t kMaxList = 1000;

absl::Status Bad(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("provider: ", field, " ", why));
}

bool IsPlain(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<uint8_t>(c));
  });
}

absl::Status CheckText(absl::string_view field, absl::string_view text) {
  if (text.empty() || text.size() > kMaxText || !IsPlain(text)) {
    return Bad(field, absl::StrCat("must be 1 to ", kMaxText,
                                   " bytes without control characters"));
  }
  return absl::OkStatus();
}

absl::Status CheckList(absl::string_view field,
                       const std::vector<std::string>& list) {
  if (list.size() > kMaxList) {
    return Bad(field, absl::StrCat("may have ", kMaxList, " entries at most"));
  }
  for (const std::string& entry : list) {
    WARREN_RETURN_IF_ERROR(CheckText(field, entry));
  }
  return absl::OkStatus();
}

absl::Status CheckId(absl::string_view id) {
  const bool good = std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_islower(static_cast<uint8_t>(c)) ||
           absl::ascii_isdigit(static_cast<uint8_t>(c)) || c == '-';
  });
  if (good && !id.empty() && id.size() <= 32) return absl::OkStatus();
  return Bad("id", "must be 1 to 32 of a-z, 0-9 and -");
}

absl::Status CheckIssuer(const ProviderConfig& config) {
  if (config.issuer.empty()) {
    if (config.kind != ProviderKind::kOidc) return absl::OkStatus();
    return Bad("issuer", "is missing: the URL that the provider calls itself");
  }
  const auto url = io::HttpUrl::Parse(config.issuer);
  if (!url.ok()) return Bad("issuer", url.status().message());
  if (absl::StrContains(config.issuer, "?")) {
    return Bad("issuer", "must not have a query");
  }
  if (!url->origin.https && !config.network.allow_private_addresses) {
    return Bad("issuer", "must be https");
  }
  return absl::OkStatus();
}

absl::Status CheckScopes(const ProviderConfig& config) {
  WARREN_RETURN_IF_ERROR(CheckList("scopes", config.scopes));
  for (const std::string& scope : config.scopes) {
    if (absl::StrContains(scope, " ")) {
      return Bad("scopes", "must be a list: no spaces within one");
    }
  }
  const bool openid = std::find(config.scopes.begin(), config.scopes.end(),
                                "openid") != config.scopes.end();
  if (config.kind == ProviderKind::kOidc && !config.scopes.empty() && !openid) {
    return Bad("scopes", "must have openid among them");
  }
  return absl::OkStatus();
}

absl::Status CheckSecret(const ProviderConfig& config) {
  if (config.kind == ProviderKind::kApple) {
    const auto key = crypto::Es256PrivateKey::FromPem(config.client_secret);
    return key.ok() ? absl::OkStatus()
                    : Bad("Apple private key", key.status().message());
  }
  if (config.kind == ProviderKind::kGithub && config.client_secret.empty()) {
    return Bad("client secret", "is missing, and GitHub wants one");
  }
  if (config.client_secret.size() > 4096 || !IsPlain(config.client_secret)) {
    return Bad("client secret",
               "must be 4096 bytes at most, without control characters");
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view ToString(ProviderKind kind) {
  switch (kind) {
    case ProviderKind::kOidc:
      return "oidc";
    case ProviderKind::kGithub:
      return "github";
    case ProviderKind::kApple:
      return "apple";
  }
  return "?";
}

absl::Status CheckProviderConfig(const ProviderConfig& config) {
  WARREN_RETURN_IF_ERROR(CheckProviderButSecret(config));
  return CheckSecret(config);
}

absl::Status CheckProviderButSecret(const ProviderConfig& config) {
  WARREN_RETURN_IF_ERROR(CheckId(config.id));
  WARREN_RETURN_IF_ERROR(CheckText("name", config.name));
  WARREN_RETURN_IF_ERROR(CheckText("client id", config.client_id));
  WARREN_RETURN_IF_ERROR(CheckIssuer(config));
  WARREN_RETURN_IF_ERROR(CheckScopes(config));
  if (config.kind == ProviderKind::kApple) {
    WARREN_RETURN_IF_ERROR(CheckText("Apple team id", config.apple.team_id));
    WARREN_RETURN_IF_ERROR(CheckText("Apple key id", config.apple.key_id));
  }
  WARREN_RETURN_IF_ERROR(
      CheckList("allowed domains", config.admission.domains));
  WARREN_RETURN_IF_ERROR(CheckList("allowed users", config.admission.users));
  WARREN_RETURN_IF_ERROR(CheckList("allowed groups", config.admission.groups));
  if (!config.groups_claim.empty()) {
    WARREN_RETURN_IF_ERROR(CheckText("groups claim", config.groups_claim));
  }
  const absl::Status roots = io::CheckExtraRoots(config.network.extra_roots);
  if (!roots.ok()) return Bad("CA certificates", roots.message());
  if (config.leeway < absl::ZeroDuration() || config.leeway > kMaxLeeway) {
    return Bad("leeway",
               absl::StrCat("must be 0 to ", absl::FormatDuration(kMaxLeeway)));
  }
  return absl::OkStatus();
}

std::string IssuerOf(const ProviderConfig& config) {
  if (!config.issuer.empty()) return config.issuer;
  return config.kind == ProviderKind::kApple ? "https://appleid.apple.com"
                                             : "https://github.com";
}

}  // namespace warren::control
