#ifndef WARREN_CONTROL_IDENTITY_FAKE_PROVIDER_H_
#define WARREN_CONTROL_IDENTITY_FAKE_PROVIDER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "control/identity/json.h"
#include "control/identity/provider_config.h"
#include "control/identity/sign_in.h"
#include "core/base/base64url.h"
#include "core/crypto/digest.h"
#include "core/crypto/test_signer.h"
#include "io/http_client.h"

namespace warren::control {

using Fields = std::map<std::string, std::string>;

// The fields of a query or form, decoded.
inline Fields DecodeForm(absl::string_view text) {
  Fields fields;
  for (absl::string_view pair : absl::StrSplit(text, '&')) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    std::string& value = fields[parts.first];
    const std::string& coded = parts.second;
    for (size_t i = 0; i < coded.size(); ++i) {
      const bool hex = coded[i] == '%';
      value += hex ? absl::HexStringToBytes(coded.substr(i + 1, 2))
                   : coded.substr(i, 1);
      if (hex) i += 2;
    }
  }
  return fields;
}

inline io::HttpAnswer JsonAnswer(const Json& json, int status = 200) {
  return {status, {{"Content-Type", "application/json"}}, json.dump()};
}

// A provider of OpenID Connect that can be told to do anything wrong. It is
// called in place of a web server; Consent() is the browser and the person.
class FakeProvider final : public io::HttpCaller {
 public:
  FakeProvider() { AddKey("key-1"); }

  struct Key {
    std::string kid;
    crypto::TestSigner signer;
  };
  void AddKey(const std::string& kid) {
    keys.push_back({kid, crypto::TestSigner::Ec()});
  }

  ProviderConfig Config() const {
    ProviderConfig config;
    config.id = "example";
    config.name = "Example";
    config.issuer = issuer;
    config.client_id = "warren";
    config.client_secret = "a secret: %";
    return config;
  }

  // Reads the URL that Begin() gave, and answers it.
  SignInCallback Consent(const std::string& url) {
    request = DecodeForm(url.substr(url.find('?') + 1));
    code = absl::StrCat("code-", ++codes_);
    SignInCallback callback;
    callback.provider = "example";
    callback.state = request["state"];
    callback.code = code;
    return callback;
  }

  absl::StatusOr<io::HttpAnswer> Call(const io::HttpCall& call) override {
    const std::string path = call.url.substr(issuer.size());
    ++calls[path];
    if (const auto found = instead.find(path); found != instead.end()) {
      return found->second;
    }
    if (path == "/.well-known/openid-configuration") {
      return JsonAnswer(discovery);
    }
    if (path == "/keys") return JsonAnswer(key_set ? *key_set : PublicKeys());
    if (path == "/token") return Token(call);
    if (path == "/userinfo") {
      if (call.headers.back().second != "Bearer access") {
        return JsonAnswer({}, 401);
      }
      return JsonAnswer(userinfo);
    }
    return io::HttpAnswer{404, {}, "<html>not here"};
  }

  Json PublicKeys() const {
    Json set = {{"keys", Json::array()}};
    for (const Key& key : keys) {
      set["keys"].push_back({{"kty", "EC"},
                             {"crv", "P-256"},
                             {"alg", "ES256"},
                             {"use", "sig"},
                             {"kid", key.kid},
                             {"x", ToBase64Url(key.signer.first())},
                             {"y", ToBase64Url(key.signer.second())}});
    }
    return set;
  }

  static std::string Encode(const Json& header, const Json& told) {
    return absl::StrCat(ToBase64Url(AsBytes(header.dump())), ".",
                        ToBase64Url(AsBytes(told.dump())));
  }

  // A token as it should be.
  std::string Sign(const Json& told) const {
    const Key& key = keys.back();
    const std::string text = Encode({{"alg", "ES256"}, {"kid", key.kid}}, told);
    return absl::StrCat(
        text, ".",
        ToBase64Url(key.signer.Sign(crypto::SignatureAlgorithm::kEs256,
                                    AsBytes(text))));
  }

  const std::string issuer = "https://id.example/tenant";
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  std::vector<Key> keys;
  Json discovery = {{"issuer", issuer},
                    {"authorization_endpoint", issuer + "/authorize?x=y"},
                    {"token_endpoint", issuer + "/token"},
                    {"jwks_uri", issuer + "/keys"},
                    {"userinfo_endpoint", issuer + "/userinfo"}};
  std::optional<Json> key_set;  // instead of `keys`
  Json userinfo = {{"sub", "alice"}, {"name", "Alice Example"}};
  // Put over the claims of the ID token; null removes.
  Json claims = {{"email", "alice@example.com"}, {"email_verified", true}};
  // Makes the ID token; empty: Sign().
  std::function<std::string(const Json&)> make_token;
  std::map<std::string, absl::StatusOr<io::HttpAnswer>> instead;  // by path
  std::map<std::string, int> calls;                               // by path
  Fields request;  // of the last Consent()
  std::string code;
  Fields token_form;  // of the last call
  std::string token_authorization;

 private:
  io::HttpAnswer Token(const io::HttpCall& call) {
    token_form = DecodeForm(call.body);
    token_authorization.clear();
    for (const auto& [name, value] : call.headers) {
      if (name == "Authorization") token_authorization = value;
    }
    const std::string challenge =
        ToBase64Url(crypto::Sha256(AsBytes(token_form["code_verifier"])));
    if (token_form["code"] != code || !used_.insert(code).second ||
        token_form["redirect_uri"] != request["redirect_uri"] ||
        (request.contains("code_challenge") &&
         request["code_challenge"] != challenge)) {
      return JsonAnswer(
          {{"error", "invalid_grant"}, {"error_description", "<b>code</b>"}},
          400);
    }
    Json told = {{"iss", issuer},
                 {"aud", "warren"},
                 {"sub", "alice"},
                 {"nonce", request["nonce"]},
                 {"iat", absl::ToUnixSeconds(now)},
                 {"exp", absl::ToUnixSeconds(now) + 300}};
    told.merge_patch(claims);
    return JsonAnswer(
        {{"access_token", "access"},
         {"token_type", "Bearer"},
         {"id_token", make_token ? make_token(told) : Sign(told)}});
  }

  std::set<std::string> used_;
  int codes_ = 0;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_FAKE_PROVIDER_H_
