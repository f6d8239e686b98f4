#include "control/api/oauth_token.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "control/api/method_access.h"
#include "control/coordinator/api_key_commands.h"
#include "control/identity/access.h"
#include "control/identity/api_key.h"
#include "core/base/status_macros.h"
#include "io/web_form.h"
#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

constexpr char kFormType[] = "application/x-www-form-urlencoded";

io::WebReply JsonReply(int status, const nlohmann::ordered_json& body) {
  io::WebReply reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = body.dump() + "\n";
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

io::WebReply Refused(int status, const char* error, absl::string_view why) {
  nlohmann::ordered_json body;
  body["error"] = error;
  body["error_description"] = std::string(why);
  io::WebReply reply = JsonReply(status, body);
  if (status == 401) {
    reply.headers.emplace_back("WWW-Authenticate", "Basic realm=\"warren\"");
  }
  return reply;
}

io::WebReply Refused(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
      return Refused(401, "invalid_client", status.message());
    case absl::StatusCode::kPermissionDenied:
      return Refused(400, "invalid_scope", status.message());
    case absl::StatusCode::kInvalidArgument:
      return Refused(400, "invalid_request", status.message());
    default:
      break;
  }
  const bool too_many = absl::IsResourceExhausted(status);
  io::WebReply reply = Refused(too_many ? 429 : 503, "temporarily_unavailable",
                               status.message());
  const auto retry_after = RetryAfterSeconds(status);
  if (retry_after) {
    reply.headers.emplace_back("Retry-After", absl::StrCat(*retry_after));
  }
  return reply;
}

}  // namespace

struct OauthToken::Wish {
  std::string id, secret, scope, source;
  bool exposed = false;
};
struct OauthToken::Token {
  std::string text, scopes;
};

namespace {

absl::Status BadClient() {
  return absl::UnauthenticatedError(
      "the client is not known here, has expired or was revoked");
}

// RFC 6749 §2.3.1: both are form-encoded before they are joined.
template <class Wish>
absl::Status FillFromBasic(absl::string_view header, Wish& wish) {
  header.remove_prefix(6);
  std::string joined;
  if (!absl::Base64Unescape(absl::StripAsciiWhitespace(header), &joined)) {
    return BadClient();
  }
  const std::vector<std::string> parts =
      absl::StrSplit(joined, absl::MaxSplits(':', 1));
  if (parts.size() != 2) return BadClient();
  wish.id = io::PercentDecode(parts[0]).value_or("");
  wish.secret = io::PercentDecode(parts[1]).value_or("");
  return absl::OkStatus();
}

// The scopes asked for, if the client has them; all of its own for none.
absl::StatusOr<std::vector<std::string>> ScopesFor(const ApiKeyRecord& client,
                                                   const std::string& wanted) {
  std::vector<std::string> scopes =
      absl::StrSplit(wanted, ' ', absl::SkipEmpty());
  if (scopes.empty()) return client.scopes;
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  for (const std::string& scope : scopes) {
    if (!KnownScopes().contains(scope) || !CoversScope(client.scopes, scope)) {
      return absl::PermissionDeniedError(
          absl::StrCat("the client has only the scopes ",
                       absl::StrJoin(client.scopes, " ")));
    }
  }
  return scopes;
}

}  // namespace

absl::StatusOr<OauthToken::Token> OauthToken::Issue(Directory& directory,
                                                    const Wish& wish,
                                                    int64_t now_ms) {
  const auto name = ParseApiKeyText(wish.secret);
  if (!name || name->kind != ApiKeyKind::kOauthClient) return BadClient();
  auto [tailnet, client] = directory.ApiKeyByPrefix(name->prefix);
  if (!IsGoodApiKey(client, directory.hash_key(), wish.secret, now_ms) ||
      client->kind != ApiKeyKind::kOauthClient) {
    return BadClient();
  }
  if (!wish.id.empty() && wish.id != NameOf(*client)) return BadClient();
  const auto user = tailnet->users.find(client->user);
  if (user == tailnet->users.end() ||
      user->second.status != UserStatus::kActive) {
    return BadClient();
  }
  if (wish.exposed) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the secret of ", NameOf(*client),
        " came over plain HTTP, where others may have read it: use https:// "
        "and make a new client"));
  }
  WARREN_RETURN_IF_ERROR(limits_.Take(client->prefix, now_ms));
  WARREN_ASSIGN_OR_RETURN(const auto scopes, ScopesFor(*client, wish.scope));
  Order order;
  order.actor =
      absl::StrCat("key ", NameOf(*client), " of ", user->second.login);
  order.now_ms = now_ms;
  order.source = wish.source;
  order.user = client->user;
  WARREN_ASSIGN_OR_RETURN(
      CreatedApiKey made,
      CreateAccessToken(directory, order, *tailnet, *client, scopes));
  return Token{std::move(made.secret), absl::StrJoin(scopes, " ")};
}

io::WebReply OauthToken::Handle(const io::WebRequest& request) {
  if (request.method != "POST") {
    io::WebReply reply = Refused(405, "invalid_request", "POST it");
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  if (!absl::StartsWithIgnoreCase(request.Header("Content-Type"), kFormType)) {
    return Refused(415, "invalid_request",
                   absl::StrCat("send Content-Type: ", kFormType));
  }
  const auto form = io::WebForm::Parse(request.body);
  if (!form || form->has_repeats()) {
    return Refused(400, "invalid_request", "the form is malformed");
  }
  if (form->Get("grant_type") != "client_credentials") {
    return Refused(400, "unsupported_grant_type",
                   "grant_type must be client_credentials");
  }
  Wish wish{form->Get("client_id"), form->Get("client_secret"),
            form->Get("scope"), request.client};
  const bool is_local =
      absl::StartsWith(request.client, "127.") || request.client == "::1";
  wish.exposed = options_.expects_tls && !request.secure && !is_local;
  if (absl::StartsWithIgnoreCase(request.Header("Authorization"), "basic ")) {
    const absl::Status filled =
        FillFromBasic(request.Header("Authorization"), wish);
    if (!filled.ok()) return Refused(filled);
  }
  const absl::StatusOr<Token> token =
      coordinator_.Call<Token>([&](Directory& directory, int64_t now_ms) {
        return Issue(directory, wish, now_ms);
      });
  if (!token.ok()) return Refused(token.status());
  nlohmann::ordered_json body;
  body["access_token"] = token->text;
  body["token_type"] = "Bearer";
  body["expires_in"] = kAccessTokenLifetimeMs / 1000;
  body["scope"] = token->scopes;
  return JsonReply(200, body);
}

}  // namespace warren::control
