#include "control/identity/apple.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "control/identity/claims.h"
#include "control/identity/json.h"
#include "control/identity/jwt.h"

namespace warren::control {
namespace {

constexpr absl::Duration kSecretLifetime = absl::Minutes(5);
constexpr size_t kMaxUserField = 4096;

}  // namespace

std::string AppleClientSecret(const ProviderConfig& config,
                              const crypto::Es256PrivateKey& key,
                              absl::Time now) {
  const Json claims = {
      {"iss", config.apple.team_id},
      {"iat", absl::ToUnixSeconds(now)},
      {"exp", absl::ToUnixSeconds(now + kSecretLifetime)},
      {"aud", IssuerOf(config)},
      {"sub", config.client_id},
  };
  return SignToken(claims, config.apple.key_id, key);
}

std::string AppleName(absl::string_view user) {
  if (user.empty() || user.size() > kMaxUserField) return "";
  const auto object = ParseJsonObject("user", user);
  if (!object.ok()) return "";
  const auto name = object->find("name");
  if (name == object->end() || !name->is_object()) return "";
  const std::string first = StringAt(*name, "firstName").value_or("");
  const std::string last = StringAt(*name, "lastName").value_or("");
  return ProfileText(
      absl::StripAsciiWhitespace(absl::StrCat(first, " ", last)));
}

}  // namespace warren::control
