#include "control/identity/github.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "control/identity/claims.h"
#include "control/identity/fetch.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr int kPageSize = 100;
constexpr int kMaxPages = 20;

std::vector<std::string> ScopesOf(const ProviderConfig& config) {
  if (!config.scopes.empty()) return config.scopes;
  return {"read:user", "user:email", "read:org"};
}

std::string ApiOf(const ProviderConfig& config) {
  const std::string base = IssuerOf(config);
  if (base == "https://github.com") return "https://api.github.com";
  return absl::StrCat(absl::StripSuffix(base, "/"), "/api/v3");
}

absl::Status Odd(absl::string_view what) {
  return absl::UnavailableError(
      absl::StrCat("GitHub's ", what, " is not as it should be"));
}

io::HttpCall ApiCall(absl::string_view url, absl::string_view token) {
  io::HttpCall call = JsonGet(url, token);
  call.headers[0].second = "application/vnd.github+json";
  return call;
}

// The login of an organisation, of a team's, or a team's slug.
std::string NameAt(const Json& object, absl::string_view name) {
  return absl::AsciiStrToLower(StringAt(object, name).value_or(""));
}

}  // namespace

GithubProvider::GithubProvider(const ProviderConfig& config,
                               std::unique_ptr<io::HttpCaller> caller)
    : config_(config),
      base_(absl::StripSuffix(IssuerOf(config), "/")),
      api_(ApiOf(config)),
      scopes_(ScopesOf(config)),
      caller_(std::move(caller)) {}

absl::StatusOr<std::string> GithubProvider::AuthorizationUrl(
    const AuthorizationRequest& request) {
  return WithQuery(absl::StrCat(base_, "/login/oauth/authorize"),
                   {{"client_id", config_.client_id},
                    {"redirect_uri", request.redirect_uri},
                    {"scope", absl::StrJoin(scopes_, " ")},
                    {"state", request.state},
                    {"code_challenge", request.code_challenge},
                    {"code_challenge_method", "S256"}});
}

absl::StatusOr<Identity> GithubProvider::Redeem(const Redemption& redemption) {
  // GitHub calls its OAuth so in the metadata of RFC 8414.
  if (!redemption.issuer.empty() && redemption.issuer != base_ &&
      redemption.issuer != absl::StrCat(base_, "/login/oauth")) {
    return absl::UnauthenticatedError(
        "the answer is of another provider than the one asked (iss)");
  }
  io::HttpCall call;
  call.method = "POST";
  call.url = absl::StrCat(base_, "/login/oauth/access_token");
  call.headers = {{"Accept", "application/json"},
                  {"Content-Type", "application/x-www-form-urlencoded"}};
  call.body = io::FormEncode({{"client_id", config_.client_id},
                              {"client_secret", config_.client_secret},
                              {"code", redemption.code},
                              {"redirect_uri", redemption.redirect_uri},
                              {"code_verifier", redemption.code_verifier}});
  WARREN_ASSIGN_OR_RETURN(const Json answer, FetchToken(*caller_, call));
  const std::string token = StringAt(answer, "access_token").value_or("");
  if (token.empty()) return Odd("answer to a code");

  WARREN_ASSIGN_OR_RETURN(
      const auto page,
      Fetch(*caller_, ApiCall(absl::StrCat(api_, "/user"), token), "account"));
  const auto user = ParseJsonObject("account", page.body);
  if (!user.ok()) return Odd("account");
  const auto number = user->find("id");
  if (number == user->end() || !number->is_number_unsigned() || *number == 0) {
    return Odd("account number");
  }
  Identity identity;
  identity.provider = config_.id;
  identity.issuer = IssuerOf(config_);
  identity.subject = absl::StrCat(number->get<uint64_t>());
  identity.login = ProfileText(StringAt(*user, "login").value_or(""));
  identity.display_name = ProfileText(StringAt(*user, "name").value_or(""));
  WARREN_RETURN_IF_ERROR(AddEmail(token, identity));
  WARREN_RETURN_IF_ERROR(AddGroups(token, identity));
  return identity;
}

absl::StatusOr<Json> GithubProvider::FetchList(absl::string_view path,
                                               absl::string_view token) {
  Json all = Json::array();
  for (int page = 1; page <= kMaxPages; ++page) {
    const std::string url =
        absl::StrCat(api_, path, "?per_page=", kPageSize, "&page=", page);
    WARREN_ASSIGN_OR_RETURN(const auto answer,
                            Fetch(*caller_, ApiCall(url, token), path));
    const auto list = ParseJsonArray("list", answer.body);
    if (!list.ok()) return Odd(path);
    for (const Json& one : *list) {
      if (!one.is_object()) return Odd(path);
      all.push_back(one);
    }
    if (list->size() < kPageSize) return all;
  }
  return absl::UnavailableError(
      absl::StrCat("GitHub's ", path, " has over ", kMaxPages, " pages"));
}

absl::Status GithubProvider::AddEmail(absl::string_view token,
                                      Identity& identity) {
  WARREN_ASSIGN_OR_RETURN(const Json emails, FetchList("/user/emails", token));
  for (const Json& email : emails) {
    const auto primary = email.find("primary");
    const auto verified = email.find("verified");
    if (primary == email.end() || *primary != true) continue;
    identity.email = ProfileText(StringAt(email, "email").value_or(""));
    identity.email_verified =
        !identity.email.empty() && verified != email.end() && *verified == true;
  }
  return absl::OkStatus();
}

absl::Status GithubProvider::AddGroups(absl::string_view token,
                                       Identity& identity) {
  const auto may_read =
      std::find_if(scopes_.begin(), scopes_.end(), [](const auto& scope) {
        return scope == "read:org" || scope == "write:org" ||
               scope == "admin:org";
      });
  if (may_read == scopes_.end()) return absl::OkStatus();
  std::vector<std::string> groups;
  WARREN_ASSIGN_OR_RETURN(const Json owners, FetchList("/user/orgs", token));
  for (const Json& owner : owners) groups.push_back(NameAt(owner, "login"));
  WARREN_ASSIGN_OR_RETURN(const Json teams, FetchList("/user/teams", token));
  for (const Json& team : teams) {
    const auto owner = team.find("organization");
    if (owner == team.end() || !owner->is_object()) return Odd("team");
    groups.push_back(
        absl::StrCat(NameAt(*owner, "login"), "/", NameAt(team, "slug")));
  }
  return SetGroups(std::move(groups), identity);
}

}  // namespace warren::control
