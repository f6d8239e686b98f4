#include "control/identity/jwt.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status Bad(absl::string_view why) {
  return absl::UnauthenticatedError(absl::StrCat("token: ", why));
}

// One part of the token: base64url of a JSON object.
absl::StatusOr<Json> Part(absl::string_view what, absl::string_view part) {
  const auto bytes = ParseBase64Url(part);
  if (!bytes) return Bad(absl::StrCat(what, ": it is not base64url"));
  auto object = ParseJsonObject(what, AsText(*bytes));
  if (!object.ok()) return Bad(object.status().message());
  return object;
}

struct Header {
  crypto::SignatureAlgorithm algorithm{};
  std::optional<std::string> kid;
};

// Keys and certificates in a header prove nothing, so they are not read.
absl::StatusOr<Header> ReadHeader(absl::string_view part) {
  WARREN_ASSIGN_OR_RETURN(const Json json, Part("header", part));
  const auto name = StringAt(json, "alg");
  const auto algorithm = name ? AlgorithmNamed(*name) : std::nullopt;
  if (!algorithm) {
    return Bad(absl::StrCat("algorithm \"", Printable(name.value_or("")),
                            "\" is not accepted"));
  }
  if (json.contains("crit")) return Bad("it has critical extensions");
  if (json.contains("typ")) {
    const std::string type = StringAt(json, "typ").value_or("");
    if (!absl::EqualsIgnoreCase(type, "JWT") &&
        !absl::EqualsIgnoreCase(type, "application/jwt")) {
      return Bad(absl::StrCat("it is of another kind: ", Printable(type)));
    }
  }
  Header header{*algorithm, std::nullopt};
  if (json.contains("kid")) {
    header.kid = StringAt(json, "kid");
    if (!header.kid) return Bad("its kid is not a string");
  }
  return header;
}

}  // namespace

absl::StatusOr<VerifiedToken> VerifyToken(absl::string_view token,
                                          const JwkSet& keys) {
  if (token.size() > kMaxTokenSize) {
    return Bad(absl::StrCat("more than ", kMaxTokenSize, " bytes"));
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() == 5) return Bad("it is encrypted, which is not accepted");
  if (parts.size() != 3) return Bad("it does not have three parts");
  WARREN_ASSIGN_OR_RETURN(const Header header, ReadHeader(parts[0]));
  WARREN_ASSIGN_OR_RETURN(const crypto::VerifyKey* key,
                          keys.Find(header.kid, header.algorithm));
  const auto signature = ParseBase64Url(parts[2]);
  const absl::string_view message =
      token.substr(0, parts[0].size() + 1 + parts[1].size());
  if (!signature ||
      !key->Verify(header.algorithm, AsBytes(message), *signature)) {
    return Bad("its signature is wrong");
  }
  VerifiedToken verified;
  verified.algorithm = header.algorithm;
  WARREN_ASSIGN_OR_RETURN(verified.claims, Part("claims", parts[1]));
  return verified;
}

std::string SignToken(const Json& claims, absl::string_view kid,
                      const crypto::Es256PrivateKey& key) {
  const Json header = {
      {"alg", "ES256"}, {"kid", std::string(kid)}, {"typ", "JWT"}};
  std::string token = absl::StrCat(ToBase64Url(AsBytes(header.dump())), ".",
                                   ToBase64Url(AsBytes(claims.dump())));
  const std::string signature = ToBase64Url(key.Sign(AsBytes(token)));
  absl::StrAppend(&token, ".", signature);
  return token;
}

}  // namespace warren::control
