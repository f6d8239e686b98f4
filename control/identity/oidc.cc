#include "control/identity/oidc.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/identity/apple.h"
#include "control/identity/claims.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

std::optional<crypto::Es256PrivateKey> AppleKeyOf(
    const ProviderConfig& config) {
  if (config.kind != ProviderKind::kApple) return std::nullopt;
  return crypto::Es256PrivateKey::FromPem(config.client_secret).value();
}

std::string ScopesOf(const ProviderConfig& config) {
  if (!config.scopes.empty()) return absl::StrJoin(config.scopes, " ");
  return config.kind == ProviderKind::kApple ? "openid email name"
                                             : "openid profile email";
}

// RFC 6749 §2.3.1: both halves are form-encoded first.
std::string BasicAuthorization(const ProviderConfig& config) {
  return absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(
                                    io::PercentEncode(config.client_id), ":",
                                    io::PercentEncode(config.client_secret))));
}

}  // namespace

OidcProvider::OidcProvider(const ProviderConfig& config,
                           std::unique_ptr<io::HttpCaller> caller,
                           TimeSource time)
    : config_(config),
      issuer_(IssuerOf(config)),
      caller_(std::move(caller)),
      time_(std::move(time)),
      apple_key_(AppleKeyOf(config)) {}

absl::StatusOr<OidcProvider::DiscoveryPtr> OidcProvider::Discover() {
  return discovery_.Get(time_.now, [this]() -> absl::StatusOr<Discovery> {
    WARREN_ASSIGN_OR_RETURN(
        const auto answer,
        Fetch(*caller_, JsonGet(DiscoveryUrl(issuer_)), "discovery document"));
    return ParseDiscovery(answer.body, issuer_);
  });
}

absl::StatusOr<std::string> OidcProvider::AuthorizationUrl(
    const AuthorizationRequest& request) {
  WARREN_ASSIGN_OR_RETURN(const DiscoveryPtr discovery, Discover());
  io::HttpHeaders query = {{"response_type", "code"},
                           {"client_id", config_.client_id},
                           {"redirect_uri", request.redirect_uri},
                           {"scope", ScopesOf(config_)},
                           {"state", request.state},
                           {"nonce", request.nonce}};
  if (apple_key_) {
    query.emplace_back("response_mode", "form_post");
  } else {
    query.emplace_back("code_challenge", request.code_challenge);
    query.emplace_back("code_challenge_method", "S256");
  }
  return WithQuery(discovery->authorization_endpoint, query);
}

io::HttpCall OidcProvider::TokenCall(const Discovery& discovery,
                                     const Redemption& redemption) const {
  io::HttpHeaders form = {{"grant_type", "authorization_code"},
                          {"code", redemption.code},
                          {"redirect_uri", redemption.redirect_uri}};
  io::HttpCall call;
  call.method = "POST";
  call.url = discovery.token_endpoint;
  call.headers = {{"Accept", "application/json"},
                  {"Content-Type", "application/x-www-form-urlencoded"}};
  if (!apple_key_) {
    form.emplace_back("code_verifier", redemption.code_verifier);
  }
  const bool in_form = apple_key_ || discovery.secret_in_form;
  if (in_form || config_.client_secret.empty()) {
    form.emplace_back("client_id", config_.client_id);
  } else {
    call.headers.emplace_back("Authorization", BasicAuthorization(config_));
  }
  if (apple_key_) {
    form.emplace_back("client_secret",
                      AppleClientSecret(config_, *apple_key_, time_.wall()));
  } else if (in_form && !config_.client_secret.empty()) {
    form.emplace_back("client_secret", config_.client_secret);
  }
  call.body = io::FormEncode(form);
  return call;
}

absl::StatusOr<VerifiedToken> OidcProvider::Verify(const Discovery& discovery,
                                                   absl::string_view token) {
  const auto fetch = [&]() -> absl::StatusOr<JwkSet> {
    WARREN_ASSIGN_OR_RETURN(
        const auto answer,
        Fetch(*caller_, JsonGet(discovery.jwks_uri), "key set"));
    auto keys = JwkSet::Parse(answer.body);
    if (keys.ok()) return keys;
    return absl::UnavailableError(
        absl::StrCat("the provider's ", keys.status().message()));
  };
  WARREN_ASSIGN_OR_RETURN(const auto keys, keys_.Get(time_.now, fetch));
  auto verified = VerifyToken(token, *keys);
  if (!absl::IsNotFound(verified.status())) return verified;
  // The provider may have changed its keys.
  WARREN_ASSIGN_OR_RETURN(const auto newer, keys_.Get(time_.now, fetch, true));
  verified = VerifyToken(token, *newer);
  if (!absl::IsNotFound(verified.status())) return verified;
  return absl::UnauthenticatedError(verified.status().message());
}

absl::Status OidcProvider::AddUserinfo(const Discovery& discovery,
                                       const Json& answer, Json& claims) {
  const std::string access_token =
      StringAt(answer, "access_token").value_or("");
  if (discovery.userinfo_endpoint.empty() || access_token.empty()) {
    return absl::OkStatus();
  }
  WARREN_ASSIGN_OR_RETURN(
      const auto userinfo,
      Fetch(*caller_, JsonGet(discovery.userinfo_endpoint, access_token),
            "userinfo"));
  auto told = ParseJsonObject("answer", userinfo.body);
  if (!told.ok()) {
    return absl::UnavailableError(
        absl::StrCat("the provider's userinfo: ", told.status().message()));
  }
  return MergeUserinfo(*told, claims);
}

absl::StatusOr<Identity> OidcProvider::Redeem(const Redemption& redemption) {
  WARREN_ASSIGN_OR_RETURN(const DiscoveryPtr discovery, Discover());
  // RFC 9207 §2.4: before the code goes anywhere.
  if (redemption.issuer.empty() ? discovery->names_itself
                                : redemption.issuer != issuer_) {
    return absl::UnauthenticatedError(
        "the answer is of another provider than the one asked (iss)");
  }
  WARREN_ASSIGN_OR_RETURN(
      const Json answer,
      FetchToken(*caller_, TokenCall(*discovery, redemption)));
  const auto token = StringAt(answer, "id_token");
  if (!token) {
    return absl::UnauthenticatedError(
        "the provider's answer has no ID token: is the scope openid allowed?");
  }
  WARREN_ASSIGN_OR_RETURN(VerifiedToken verified, Verify(*discovery, *token));
  ExpectedToken expected;
  expected.issuer = issuer_;
  expected.client_id = config_.client_id;
  expected.nonce = redemption.nonce;
  expected.access_token = StringAt(answer, "access_token").value_or("");
  expected.algorithm = verified.algorithm;
  expected.now = time_.wall();
  expected.leeway = config_.leeway;
  WARREN_RETURN_IF_ERROR(CheckIdToken(verified.claims, expected));
  WARREN_RETURN_IF_ERROR(AddUserinfo(*discovery, answer, verified.claims));
  WARREN_ASSIGN_OR_RETURN(Identity identity,
                          IdentityFromClaims(verified.claims, config_));
  if (apple_key_ && identity.display_name.empty()) {
    identity.display_name = AppleName(redemption.user);
  }
  return identity;
}

}  // namespace warren::control
