#include "control/identity/jwk.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

using crypto::SignatureAlgorithm;
using crypto::VerifyKey;

constexpr std::pair<absl::string_view, SignatureAlgorithm> kAlgorithms[] = {
    {"RS256", SignatureAlgorithm::kRs256},
    {"RS384", SignatureAlgorithm::kRs384},
    {"RS512", SignatureAlgorithm::kRs512},
    {"PS256", SignatureAlgorithm::kPs256},
    {"PS384", SignatureAlgorithm::kPs384},
    {"PS512", SignatureAlgorithm::kPs512},
    {"ES256", SignatureAlgorithm::kEs256},
    {"ES384", SignatureAlgorithm::kEs384},
    {"EdDSA", SignatureAlgorithm::kEdDsa},
};

// What only private keys have (RFC 7518 §6.2.2, §6.3.2, RFC 8037 §2), and
// what only shared ones have (RFC 7518 §6.4.1).
constexpr const char* kPrivateMembers[] = {"d",  "p",  "q",   "dp",
                                           "dq", "qi", "oth", "k"};

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("key set: ", why));
}

absl::StatusOr<std::vector<uint8_t>> BytesAt(const Json& jwk,
                                             absl::string_view name) {
  const auto text = StringAt(jwk, name);
  auto bytes = text ? ParseBase64Url(*text) : std::nullopt;
  if (bytes) return *std::move(bytes);
  return Bad(absl::StrCat("\"", name, "\" is not there, or not base64url"));
}

absl::StatusOr<VerifyKey> EcKey(const Json& jwk) {
  const std::string curve = StringAt(jwk, "crv").value_or("");
  if (curve != "P-256" && curve != "P-384") {
    return Bad(absl::StrCat("curve ", Printable(curve), " is not known"));
  }
  WARREN_ASSIGN_OR_RETURN(const auto x, BytesAt(jwk, "x"));
  WARREN_ASSIGN_OR_RETURN(const auto y, BytesAt(jwk, "y"));
  return VerifyKey::Ec(
      curve == "P-256" ? crypto::Curve::kP256 : crypto::Curve::kP384, x, y);
}

absl::StatusOr<VerifyKey> KeyOf(const Json& jwk) {
  const std::string kind = StringAt(jwk, "kty").value_or("");
  if (kind == "RSA") {
    WARREN_ASSIGN_OR_RETURN(const auto modulus, BytesAt(jwk, "n"));
    WARREN_ASSIGN_OR_RETURN(const auto exponent, BytesAt(jwk, "e"));
    return VerifyKey::Rsa(modulus, exponent);
  }
  if (kind == "EC") return EcKey(jwk);
  if (kind == "OKP" && StringAt(jwk, "crv") == "Ed25519") {
    WARREN_ASSIGN_OR_RETURN(const auto point, BytesAt(jwk, "x"));
    return VerifyKey::Ed25519(point);
  }
  return Bad(absl::StrCat("kind ", Printable(kind), " is not known"));
}

// Whether `jwk` is, as far as it says, for verifying signatures.
bool IsForSignatures(const Json& jwk) {
  const auto use = jwk.find("use");
  if (use != jwk.end() && *use != "sig") return false;
  const auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return true;
  return operations->is_array() &&
         std::find(operations->begin(), operations->end(), "verify") !=
             operations->end();
}

}  // namespace

std::optional<SignatureAlgorithm> AlgorithmNamed(absl::string_view name) {
  for (const auto& [text, algorithm] : kAlgorithms) {
    if (text == name) return algorithm;
  }
  return std::nullopt;
}

bool JwkSet::Entry::Fits(SignatureAlgorithm wanted) const {
  return key && key->Fits(wanted) &&
         (!algorithm || AlgorithmNamed(*algorithm) == wanted);
}

absl::StatusOr<JwkSet> JwkSet::Parse(absl::string_view text) {
  WARREN_ASSIGN_OR_RETURN(const Json object, ParseJsonObject("key set", text));
  const auto keys = object.find("keys");
  if (keys == object.end() || !keys->is_array()) {
    return Bad("it has no list \"keys\"");
  }
  if (keys->size() > kMaxJwks) {
    return Bad(absl::StrCat(keys->size(), " keys, at most ", kMaxJwks));
  }
  JwkSet set;
  for (const Json& jwk : *keys) {
    WARREN_RETURN_IF_ERROR(set.Add(jwk));
  }
  return set;
}

absl::Status JwkSet::Add(const Json& jwk) {
  if (!jwk.is_object()) return Bad("a key that is not an object");
  for (const char* name : kPrivateMembers) {
    if (jwk.contains(name)) {
      return Bad("it tells a private or shared key, which is no secret now");
    }
  }
  Entry entry;
  if (jwk.contains("kid")) {
    entry.kid = StringAt(jwk, "kid");
    if (!entry.kid) return Bad("a kid that is not a string");
    for (const Entry& other : entries_) {
      if (other.kid == entry.kid) {
        return Bad(absl::StrCat("kid ", Printable(*entry.kid), " twice"));
      }
    }
  }
  if (jwk.contains("alg")) {
    entry.algorithm = StringAt(jwk, "alg").value_or("");
  }
  if (IsForSignatures(jwk)) {
    auto key = KeyOf(jwk);
    if (key.ok()) {
      entry.key = *std::move(key);
    } else {
      entry.fault = std::string(key.status().message());
    }
  } else {
    entry.fault = "it is not for signatures";
  }
  entries_.push_back(std::move(entry));
  return absl::OkStatus();
}

absl::StatusOr<const VerifyKey*> JwkSet::Find(
    const std::optional<std::string>& kid, SignatureAlgorithm algorithm) const {
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    if (kid ? entry.kid != kid : !entry.Fits(algorithm)) continue;
    if (found != nullptr) {
      return absl::UnauthenticatedError(
          "the token names no key, and several would fit");
    }
    found = &entry;
  }
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat("the provider has no key ",
                                            Printable(kid.value_or("")),
                                            " for this token"));
  }
  if (found->Fits(algorithm)) return &*found->key;
  return absl::UnauthenticatedError(absl::StrCat(
      "key ", Printable(kid.value_or("")), " of the provider may not be used: ",
      found->key ? "it is for another algorithm" : found->fault));
}

}  // namespace warren::control
