#include "control/identity/jwk.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/base64url.h"
#include "core/crypto/test_signer.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

using crypto::SignatureAlgorithm;
using crypto::TestSigner;

Json EcKey(const std::string& kid) {
  const TestSigner signer = TestSigner::Ec();
  return {{"kty", "EC"},
          {"crv", "P-256"},
          {"kid", kid},
          {"x", ToBase64Url(signer.first())},
          {"y", ToBase64Url(signer.second())}};
}

Json RsaKey(const std::string& kid, int bits) {
  // Each takes long to make.
  static std::map<int, TestSigner> signers;
  if (!signers.contains(bits)) signers.insert({bits, TestSigner::Rsa(bits)});
  const TestSigner& signer = signers.at(bits);
  return {{"kty", "RSA"},
          {"kid", kid},
          {"n", ToBase64Url(signer.first())},
          {"e", ToBase64Url(signer.second())}};
}

Json With(Json key, const char* name, Json value) {
  key[name] = std::move(value);
  return key;
}

absl::StatusOr<JwkSet> Parse(const std::vector<Json>& keys) {
  return JwkSet::Parse(Json({{"keys", keys}}).dump());
}

TEST(JwkSetTest, AWholeSetMayBeRefused) {
  const Json key = EcKey("a");
  const std::vector<std::pair<std::string, std::vector<Json>>> rows = {
      {"private EC", {key, With(EcKey("b"), "d", "AQ")}},
      {"private RSA", {With(RsaKey("b", 2048), "d", "AQ")}},
      {"a prime", {With(RsaKey("b", 2048), "p", "AQ")}},
      {"shared", {key, {{"kty", "oct"}, {"kid", "b"}, {"k", "c2VjcmV0"}}}},
      {"kid twice", {key, EcKey("a")}},
      {"kid not text", {With(key, "kid", 7)}},
      {"not an object", {key, Json(7)}},
      {"too many", std::vector<Json>(kMaxJwks + 1, Json::object())},
  };
  for (const auto& [name, keys] : rows) {
    const auto set = Parse(keys);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_FALSE(absl::StrContains(set.status().message(), "c2VjcmV0"));
  }
  for (const std::string text :
       {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}", "<html>",
        "{\"keys\":[]} x"}) {
    EXPECT_FALSE(JwkSet::Parse(text).ok()) << text;
  }
}

TEST(JwkSetTest, AUselessKeyDoesNotSpoilTheOthers) {
  const std::vector<std::pair<std::string, Json>> rows = {
      {"2048", RsaKey("b", 512)},
      {"2048", RsaKey("b", 1024)},
      {"exponent", With(RsaKey("b", 2048), "e", "AQ")},
      {"exponent", With(RsaKey("b", 2048), "e", "Ag")},
      {"base64url", With(RsaKey("b", 2048), "n", "not/url")},
      {"kind", {{"kty", "unheard-of"}, {"kid", "b"}}},
      {"kind", {{"kid", "b"}}},
      {"curve", With(EcKey("b"), "crv", "P-521")},
      {"curve", With(EcKey("b"), "x", With(EcKey("c"), "x", 1)["y"])},
      {"not for signatures", With(EcKey("b"), "use", "enc")},
      {"not for signatures", With(EcKey("b"), "key_ops", {"encrypt"})},
      {"another algorithm", With(EcKey("b"), "alg", "ES384")},
      {"another algorithm", With(EcKey("b"), "alg", "HS256")},
  };
  for (const auto& [why, key] : rows) {
    const auto set = Parse({EcKey("a"), key});
    ASSERT_TRUE(set.ok()) << set.status();
    EXPECT_TRUE(set->Find("a", SignatureAlgorithm::kEs256).ok());
    const auto bad = set->Find("b", SignatureAlgorithm::kEs256);
    EXPECT_EQ(bad.status().code(), absl::StatusCode::kUnauthenticated);
    const auto as_rsa = set->Find("b", SignatureAlgorithm::kRs256);
    EXPECT_TRUE(absl::StrContains(bad.status().message(), why) ||
                absl::StrContains(as_rsa.status().message(), why))
        << why << ": " << bad.status();
  }
}

TEST(JwkSetTest, WithoutAKidOneKeyMustFit) {
  const auto both = Parse({EcKey("a"), RsaKey("b", 2048)});
  ASSERT_TRUE(both.ok());
  EXPECT_TRUE(both->Find(std::nullopt, SignatureAlgorithm::kEs256).ok());
  EXPECT_TRUE(both->Find(std::nullopt, SignatureAlgorithm::kPs256).ok());
  EXPECT_TRUE(absl::IsNotFound(
      both->Find(std::nullopt, SignatureAlgorithm::kEdDsa).status()));
  const auto two = Parse({EcKey("a"), EcKey("b")});
  EXPECT_TRUE(absl::IsUnauthenticated(
      two->Find(std::nullopt, SignatureAlgorithm::kEs256).status()));
  EXPECT_TRUE(
      absl::IsNotFound(two->Find("c", SignatureAlgorithm::kEs256).status()));
}

}  // namespace
}  // namespace warren::control
