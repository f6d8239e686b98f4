// All that a provider of OpenID Connect, or somebody who pretends to be one,
// may get wrong.

#include "control/identity/oidc.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "control/identity/fake_provider.h"
#include "control/identity/sign_in_fixture.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

using Code = absl::StatusCode;
using crypto::TestSigner;

class OidcTest : public SignInFixture<FakeProvider> {
 protected:
  OidcTest() { Use(fake_.Config()); }
};

struct Row {
  const char* name;
  std::function<void(FakeProvider&)> spoil;
  Code code = Code::kUnauthenticated;
  std::string message = "";  // a part of it
};

class OidcRefusalTest : public OidcTest,
                        public ::testing::WithParamInterface<Row> {};

TEST_P(OidcRefusalTest, IsRefusedAndSaysWhy) {
  const Row& row = GetParam();
  row.spoil(fake_);
  const auto refused = Run();
  EXPECT_EQ(refused.status().code(), row.code) << refused.status();
  EXPECT_TRUE(absl::StrContains(refused.status().message(), row.message))
      << refused.status();
  EXPECT_FALSE(absl::StrContains(refused.status().message(), "<"));
}

// Sets a claim of the ID token.
std::function<void(FakeProvider&)> Claim(const char* name, Json value) {
  return [=](FakeProvider& fake) { fake.claims[name] = value; };
}

// A claim so many seconds from now.
std::function<void(FakeProvider&)> TimeClaim(const char* name, int seconds) {
  return [=](FakeProvider& fake) {
    fake.claims[name] = absl::ToUnixSeconds(fake.now) + seconds;
  };
}

// Makes the token otherwise.
std::function<void(FakeProvider&)> Token(
    std::function<std::string(FakeProvider&, const Json&)> make) {
  return [=](FakeProvider& fake) {
    fake.make_token = [=, &fake](const Json& claims) {
      return make(fake, claims);
    };
  };
}

// A token with another header, and `signer`'s signature.
std::string SignedWith(const Json& header, const Json& claims,
                       const TestSigner& signer) {
  const std::string text = FakeProvider::Encode(header, claims);
  const auto signature =
      signer.Sign(crypto::SignatureAlgorithm::kEs256, AsBytes(text));
  return absl::StrCat(text, ".", ToBase64Url(signature));
}

std::string WithHeader(FakeProvider& fake, const Json& changes,
                       const Json& claims) {
  Json header = {{"alg", "ES256"}, {"kid", "key-1"}};
  header.merge_patch(changes);
  return SignedWith(header, claims, fake.keys[0].signer);
}

// HS256 with the public key as the secret: who takes the header's word for the
// algorithm believes it.
std::string SharedSecretToken(FakeProvider& fake, const Json& claims) {
  const std::string text =
      FakeProvider::Encode({{"alg", "HS256"}, {"kid", "key-1"}}, claims);
  const auto mac = crypto::Hmac(crypto::Hash::kSha256,
                                fake.keys[0].signer.first(), AsBytes(text));
  return absl::StrCat(text, ".", ToBase64Url(mac));
}

std::string Forged(FakeProvider& fake, const Json& claims) {
  const std::vector<std::string> good =
      absl::StrSplit(fake.Sign({{"sub", "bob"}}), '.');
  const std::vector<std::string> bad = absl::StrSplit(fake.Sign(claims), '.');
  return absl::StrCat(bad[0], ".", bad[1], ".", good[2]);
}

INSTANTIATE_TEST_SUITE_P(
    Tokens, OidcRefusalTest,
    ::testing::Values(
        Row{"Forged", Token(Forged), Code::kUnauthenticated, "signature"},
        Row{"OfAnotherKey", Token([](FakeProvider&, const Json& claims) {
              return SignedWith({{"alg", "ES256"}, {"kid", "key-1"}}, claims,
                                TestSigner::Ec());
            }),
            Code::kUnauthenticated, "signature"},
        Row{"Unsigned", Token([](FakeProvider&, const Json& claims) {
              return FakeProvider::Encode({{"alg", "none"}}, claims) + ".";
            }),
            Code::kUnauthenticated, "\"none\" is not accepted"},
        Row{"UnsignedButCalledOtherwise",
            Token([](FakeProvider& fake, const Json& claims) {
              return WithHeader(fake, {{"alg", "nOnE"}}, claims);
            }),
            Code::kUnauthenticated, "algorithm"},
        Row{"WithoutSignature", Token([](FakeProvider&, const Json& claims) {
              return FakeProvider::Encode({{"alg", "ES256"}, {"kid", "key-1"}},
                                          claims) +
                     ".";
            }),
            Code::kUnauthenticated, "signature"},
        Row{"SharedSecret", Token(SharedSecretToken), Code::kUnauthenticated,
            "\"HS256\" is not accepted"},
        Row{"OtherAlgorithmOfTheKey",
            Token([](FakeProvider& fake, const Json& claims) {
              return WithHeader(fake, {{"alg", "RS256"}}, claims);
            }),
            Code::kUnauthenticated, "another algorithm"},
        Row{"UnknownKey", Token([](FakeProvider& fake, const Json& claims) {
              return WithHeader(fake, {{"kid", "key-9"}}, claims);
            }),
            Code::kUnauthenticated, "no key key-9"},
        Row{"KeyOfItsOwn", Token([](FakeProvider&, const Json& claims) {
              const TestSigner own = TestSigner::Ec();
              const Json jwk = {{"kty", "EC"},
                                {"crv", "P-256"},
                                {"x", ToBase64Url(own.first())},
                                {"y", ToBase64Url(own.second())}};
              return SignedWith(
                  {{"alg", "ES256"}, {"kid", "key-1"}, {"jwk", jwk}}, claims,
                  own);
            }),
            Code::kUnauthenticated, "signature"},
        Row{"CriticalExtension",
            Token([](FakeProvider& fake, const Json& claims) {
              return WithHeader(fake, {{"crit", {"exp"}}}, claims);
            }),
            Code::kUnauthenticated, "critical"},
        Row{"AnAccessToken", Token([](FakeProvider& fake, const Json& claims) {
              return WithHeader(fake, {{"typ", "at+jwt"}}, claims);
            }),
            Code::kUnauthenticated, "another kind"},
        Row{"Padded", Token([](FakeProvider& fake, const Json& claims) {
              return fake.Sign(claims) + "=";
            }),
            Code::kUnauthenticated, "signature"},
        Row{"TwoParts", Token([](FakeProvider&, const Json& claims) {
              return FakeProvider::Encode({{"alg", "ES256"}}, claims);
            }),
            Code::kUnauthenticated, "three parts"},
        Row{"Encrypted", Token([](FakeProvider&, const Json&) {
              return std::string("e30.e30.e30.e30.e30");
            }),
            Code::kUnauthenticated, "encrypted"},
        Row{"Empty",
            Token([](FakeProvider&, const Json&) { return std::string(); }),
            Code::kUnauthenticated, "three parts"},
        Row{"ClaimsThatAreNoObject", Token([](FakeProvider& fake, const Json&) {
              return fake.Sign(Json::array({1}));
            }),
            Code::kUnauthenticated, "not a JSON object"},
        Row{"Huge", Token([](FakeProvider& fake, const Json&) {
              return fake.Sign({{"x", std::string(300'000, 'x')}});
            }),
            Code::kUnauthenticated, "bytes"}),
    [](const auto& row) { return row.param.name; });

const std::string kWithSlash = "https://id.example/tenant/";

INSTANTIATE_TEST_SUITE_P(Claims, OidcRefusalTest,
                         ::
                             testing::
                                 Values(
                                     Row{"OtherIssuer",
                                         Claim("iss", "https://evil.example"),
                                         Code::kUnauthenticated, "iss"},
                                     Row{"IssuerWithASlash",
                                         Claim("iss", kWithSlash),
                                         Code::kUnauthenticated, "iss"},
                                     Row{"NoIssuer", Claim("iss", nullptr),
                                         Code::kUnauthenticated, "iss"},
                                     Row{"OtherAudience", Claim("aud", "other"),
                                         Code::kUnauthenticated, "aud"},
                                     Row{"AudiencesWithoutUs",
                                         Claim("aud", {"other", "third"}),
                                         Code::kUnauthenticated, "aud"},
                                     Row{"NoAudience", Claim("aud", nullptr),
                                         Code::kUnauthenticated, "aud"},
                                     Row{"AudienceEmpty",
                                         Claim("aud", Json::array()),
                                         Code::kUnauthenticated, "aud"},
                                     Row{"AudiencesWithoutParty",
                                         Claim("aud", {"warren", "other"}),
                                         Code::kUnauthenticated, "azp"},
                                     Row{"OtherParty", Claim("azp", "other"),
                                         Code::kUnauthenticated, "azp"},
                                     Row{"Expired", TimeClaim("exp", -61),
                                         Code::kUnauthenticated, "exp"},
                                     Row{"NoExpiry", Claim("exp", nullptr),
                                         Code::kUnauthenticated, "exp"},
                                     Row{"ExpiryOfAnotherType",
                                         Claim("exp", "tomorrow"),
                                         Code::kUnauthenticated, "exp"},
                                     Row{"ExpiryHuge", Claim("exp", 1e300),
                                         Code::kUnauthenticated, "exp"},
                                     Row{"NotYet", TimeClaim("nbf", 61),
                                         Code::kUnauthenticated, "nbf"},
                                     Row{"FromTheFuture", TimeClaim("iat", 61),
                                         Code::kUnauthenticated, "iat"},
                                     Row{"NoIssueTime", Claim("iat", nullptr),
                                         Code::kUnauthenticated, "iat"},
                                     Row{"NoNonce", Claim("nonce", nullptr),
                                         Code::kUnauthenticated, "nonce"},
                                     Row{"OtherNonce", Claim("nonce", "other"),
                                         Code::kUnauthenticated, "nonce"},
                                     Row{"OtherAccessToken",
                                         Claim("at_hash", "other"),
                                         Code::kUnauthenticated, "at_hash"},
                                     Row{"NoSubject", Claim("sub", nullptr),
                                         Code::kUnauthenticated, "sub"},
                                     Row{"SubjectEmpty", Claim("sub", ""),
                                         Code::kUnauthenticated, "sub"},
                                     Row{"SubjectLong",
                                         Claim("sub", std::string(300, 'a')),
                                         Code::kUnauthenticated, "sub"},
                                     Row{"SubjectNotText", Claim("sub", 7),
                                         Code::kUnauthenticated, "sub"},
                                     Row{"SubjectWithLineEnd",
                                         Claim("sub", "a\nb"),
                                         Code::kUnauthenticated, "sub"},
                                     Row{"GroupsNotAList",
                                         Claim("groups", {{"admin", true}}),
                                         Code::kUnauthenticated, "groups"},
                                     Row{"GroupsOfNumbers",
                                         Claim("groups", {1, 2}),
                                         Code::kUnauthenticated, "groups"},
                                     Row{"GroupEmpty", Claim("groups", {""}),
                                         Code::kUnauthenticated, "group"},
                                     Row{"GroupsElsewhere",
                                         Claim("_claim_names",
                                               {{"groups", "src1"}}),
                                         Code::kUnauthenticated, "too many"},
                                     Row{"GroupsTooMany",
                                         [](FakeProvider& fake) {
                                           Json groups = Json::array();
                                           for (int i = 0; i < 10'000; ++i) {
                                             groups.push_back(
                                                 absl::StrCat("g", i));
                                           }
                                           fake.claims["groups"] = groups;
                                         },
                                         Code::kUnauthenticated,
                                         "10000 groups"}),
                         [](const auto& row) { return row.param.name; });

std::function<void(FakeProvider&)> Instead(
    const char* path, absl::StatusOr<io::HttpAnswer> answer) {
  return [=](FakeProvider& fake) { fake.instead.insert({path, answer}); };
}

std::function<void(FakeProvider&)> Document(const char* name, Json value) {
  return [=](FakeProvider& fake) {
    fake.discovery.merge_patch({{name, value}});
  };
}

const char kDocument[] = "/.well-known/openid-configuration";
const io::HttpAnswer kHtmlError{502, {}, "<html><b>Bad gateway</b></html>"};
const io::HttpAnswer kHtml{200, {}, "<html>hello</html>"};
const io::HttpAnswer kRedirect{
    302, {{"Location", "http://169.254.169.254/"}}, ""};
const absl::Status kSlow = absl::UnavailableError("no answer in time");
const absl::Status kTooBig = absl::ResourceExhaustedError("too big");

INSTANTIATE_TEST_SUITE_P(
    Servers, OidcRefusalTest,
    ::testing::Values(
        Row{"DocumentOfAnother", Document("issuer", "https://evil.example"),
            Code::kUnavailable, "of another issuer, https://evil.example"},
        Row{"DocumentWithASlash", Document("issuer", kWithSlash),
            Code::kUnavailable, "another issuer"},
        Row{"DocumentWithoutIssuer", Document("issuer", nullptr),
            Code::kUnavailable, "another issuer"},
        Row{"PlainEndpoint",
            Document("token_endpoint", "http://id.example/token"),
            Code::kUnavailable, "token_endpoint is not https"},
        Row{"PlainKeys", Document("jwks_uri", "http://id.example/keys"),
            Code::kUnavailable, "jwks_uri is not https"},
        Row{"NoEndpoint", Document("authorization_endpoint", nullptr),
            Code::kUnavailable, "authorization_endpoint"},
        Row{"ScriptEndpoint",
            Document("authorization_endpoint", "javascript:alert(1)"),
            Code::kUnavailable, "authorization_endpoint"},
        Row{"NoCodeFlow", Document("response_types_supported", {"id_token"}),
            Code::kUnavailable, "code flow"},
        Row{"DocumentHtml", Instead(kDocument, kHtml), Code::kUnavailable,
            "not JSON"},
        Row{"DocumentSlow", Instead(kDocument, kSlow), Code::kUnavailable,
            "no answer in time"},
        Row{"DocumentElsewhere", Instead(kDocument, kRedirect),
            Code::kUnavailable, "redirects are not followed"},
        Row{"TokenError", Instead("/token", kHtmlError), Code::kUnavailable,
            "502"},
        Row{"TokenHtml", Instead("/token", kHtml), Code::kUnavailable,
            "not JSON"},
        Row{"TokenSlow", Instead("/token", kSlow), Code::kUnavailable,
            "no answer in time"},
        Row{"TokenTooBig", Instead("/token", kTooBig), Code::kUnavailable,
            "too big"},
        Row{"TokenElsewhere", Instead("/token", kRedirect), Code::kUnavailable,
            "302"},
        Row{"TokenNone", Instead("/token", JsonAnswer({{"access_token", "a"}})),
            Code::kUnauthenticated, "no ID token"},
        Row{"TokenTwice",
            Instead("/token",
                    io::HttpAnswer{
                        200, {}, R"({"id_token":"","id_token":""})"}),
            Code::kUnavailable, "twice"},
        Row{"ClientRefused",
            Instead("/token", JsonAnswer({{"error", "invalid_client"}}, 401)),
            Code::kUnauthenticated, "invalid_client"},
        Row{"KeysHtml", Instead("/keys", kHtml), Code::kUnavailable,
            "not JSON"},
        Row{"KeysSlow", Instead("/keys", kSlow), Code::kUnavailable,
            "no answer in time"},
        Row{"UserinfoOfAnother",
            [](FakeProvider& fake) { fake.userinfo["sub"] = "bob"; },
            Code::kUnauthenticated, "somebody else"},
        Row{"UserinfoOfNobody",
            [](FakeProvider& fake) { fake.userinfo.erase("sub"); },
            Code::kUnauthenticated, "somebody else"},
        Row{"UserinfoError", Instead("/userinfo", kHtmlError),
            Code::kUnavailable, "502"},
        Row{"UserinfoElsewhere", Instead("/userinfo", kRedirect),
            Code::kUnavailable, "302"}),
    [](const auto& row) { return row.param.name; });

// What is odd and yet right.
class OidcAcceptanceTest : public OidcTest,
                           public ::testing::WithParamInterface<Row> {};

TEST_P(OidcAcceptanceTest, SignsIn) {
  GetParam().spoil(fake_);
  const auto result = Run();
  EXPECT_TRUE(result.ok()) << result.status();
}

INSTANTIATE_TEST_SUITE_P(
    , OidcAcceptanceTest,
    ::testing::Values(
        Row{"SeveralAudiences",
            [](FakeProvider& fake) {
              fake.claims["aud"] = {"other", "warren"};
              fake.claims["azp"] = "warren";
            }},
        Row{"JustExpired", TimeClaim("exp", -59)},
        Row{"JustAhead", TimeClaim("iat", 59)},
        Row{"ExpiryWithFraction", Claim("exp", 1.9e9 + 0.5)},
        // Left half of the SHA-256 of "access".
        Row{"AccessTokenAsHashed",
            [](FakeProvider& fake) {
              const auto hash = crypto::Sha256(AsBytes("access"));
              fake.claims["at_hash"] = ToBase64Url(Bytes(hash).first(16));
            }},
        Row{"SubjectOfDots",
            [](FakeProvider& fake) {
              fake.claims["sub"] = fake.userinfo["sub"] = "..";
            }},
        Row{"NoUserinfo", Document("userinfo_endpoint", nullptr)},
        Row{"NoKeyId", Token([](FakeProvider& fake, const Json& claims) {
              return WithHeader(fake, {{"kid", nullptr}}, claims);
            })},
        Row{"NamedType", Token([](FakeProvider& fake, const Json& claims) {
              return WithHeader(fake, {{"typ", "jwt"}}, claims);
            })}),
    [](const auto& row) { return row.param.name; });

TEST_F(OidcTest, AReplayedTokenIsRefused) {
  std::string first;
  fake_.make_token = [&](const Json& claims) {
    if (first.empty()) first = fake_.Sign(claims);
    return first;
  };
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(Run().status().code(), Code::kUnauthenticated);
}

TEST_F(OidcTest, ClocksMayDifferAsConfigured) {
  ProviderConfig config = fake_.Config();
  config.leeway = absl::ZeroDuration();
  Use(config);
  EXPECT_TRUE(Run().ok());
  TimeClaim("iat", 1)(fake_);
  EXPECT_EQ(Run().status().code(), Code::kUnauthenticated);
}

TEST_F(OidcTest, FindsNewKeysAtOnceAndAsksOnceAMinute) {
  EXPECT_TRUE(Run().ok());
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(fake_.calls["/keys"], 1);
  Pass(absl::Minutes(1));
  fake_.AddKey("key-2");
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(fake_.calls["/keys"], 2);
  // A flood of tokens by keys that nobody has.
  Token([](FakeProvider& fake, const Json& claims) {
    return WithHeader(fake, {{"kid", "nobody's"}}, claims);
  })(fake_);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(Run().ok());
  EXPECT_EQ(fake_.calls["/keys"], 2);
  Pass(absl::Minutes(1));
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(fake_.calls["/keys"], 3);
}

TEST_F(OidcTest, KeysServeOnWhileTheyCannotBeRenewed) {
  EXPECT_TRUE(Run().ok());
  Pass(absl::Minutes(2));
  fake_.instead.insert({"/keys", kSlow});
  Token([](FakeProvider& fake, const Json& claims) {
    return WithHeader(fake, {{"kid", "nobody's"}}, claims);
  })(fake_);
  EXPECT_EQ(Run().status().code(), Code::kUnauthenticated);
  fake_.make_token = nullptr;
  EXPECT_TRUE(Run().ok());
  Pass(kKeysLifetime);
  EXPECT_EQ(Run().status().code(), Code::kUnavailable);
}

TEST_F(OidcTest, AWithdrawnKeyIsForgottenWithinTheHour) {
  EXPECT_TRUE(Run().ok());
  const FakeProvider::Key stolen = fake_.keys[0];
  fake_.keys.clear();
  fake_.AddKey("key-2");
  fake_.make_token = [&](const Json& claims) {
    return SignedWith({{"alg", "ES256"}, {"kid", "key-1"}}, claims,
                      stolen.signer);
  };
  Pass(kKeysLifetime);
  EXPECT_FALSE(Run().ok());
}

TEST_F(OidcTest, AProviderThatIsDownIsNotHammeredAndComesBack) {
  fake_.instead.insert({kDocument, kSlow});
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Begin().ok());
  EXPECT_EQ(fake_.calls[kDocument], 1);
  fake_.instead.clear();
  Pass(absl::Seconds(5));
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(fake_.calls[kDocument], 2);
  Pass(kDiscoveryLifetime);
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(fake_.calls[kDocument], 3);
}

}  // namespace
}  // namespace warren::control
