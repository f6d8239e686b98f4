#include "core/crypto/signature.h"

#include <string>
#include <vector>

#include "core/base/hex.h"
#include "core/crypto/digest.h"
#include "core/crypto/test_signer.h"
#include "gtest/gtest.h"

namespace warren::crypto {
namespace {

using Kind = SignatureAlgorithm;

TEST(DigestTest, KnowsTheVectors) {
  // FIPS 180-4, "abc"; RFC 4231 §4.3.
  EXPECT_EQ(ToHex(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Digest(Hash::kSha384, AsBytes("abc")).size(), 48u);
  EXPECT_EQ(ToHex(Digest(Hash::kSha512, AsBytes("abc"))).substr(0, 32),
            "ddaf35a193617abacc417349ae204131");
  EXPECT_EQ(ToHex(Hmac(Hash::kSha256, AsBytes("Jefe"),
                       AsBytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

struct Row {
  std::string name;
  TestSigner signer;
  std::vector<Kind> algorithms;
};

std::vector<Row> Rows() {
  return {
      {"RSA",
       TestSigner::Rsa(),
       {Kind::kRs256, Kind::kRs384, Kind::kRs512, Kind::kPs256, Kind::kPs384,
        Kind::kPs512}},
      {"P-256", TestSigner::Ec(Curve::kP256), {Kind::kEs256}},
      {"P-384", TestSigner::Ec(Curve::kP384), {Kind::kEs384}},
      {"Ed25519", TestSigner::Ed25519(), {Kind::kEdDsa}},
  };
}

TEST(SignatureTest, TakesItsOwnAndNothingElse) {
  const Bytes message = AsBytes("a message");
  for (const Row& row : Rows()) {
    const VerifyKey key = row.signer.PublicKey();
    for (const Kind algorithm : row.algorithms) {
      SCOPED_TRACE(row.name + " " +
                   std::to_string(static_cast<int>(algorithm)));
      const auto good = row.signer.Sign(algorithm, message);
      EXPECT_TRUE(key.Verify(algorithm, message, good));
      EXPECT_FALSE(key.Verify(algorithm, AsBytes("a massage"), good));
      EXPECT_FALSE(key.Verify(algorithm, message, {}));
      for (const size_t at : {size_t{0}, good.size() / 2, good.size() - 1}) {
        auto bad = good;
        bad[at] ^= 1;
        EXPECT_FALSE(key.Verify(algorithm, message, bad));
      }
      EXPECT_FALSE(
          key.Verify(algorithm, message, Bytes(good).first(good.size() - 1)));
      auto longer = good;
      longer.push_back(0);
      EXPECT_FALSE(key.Verify(algorithm, message, longer));
      const std::vector<uint8_t> zeros(good.size());
      EXPECT_FALSE(key.Verify(algorithm, message, zeros));
    }
  }
}

TEST(SignatureTest, AKeyServesItsOwnAlgorithmsOnly) {
  const Bytes message = AsBytes("a message");
  const auto rows = Rows();
  for (const Row& maker : rows) {
    for (const Kind made : maker.algorithms) {
      const auto signature = maker.signer.Sign(made, message);
      for (const Row& row : rows) {
        for (int i = 0; i <= static_cast<int>(Kind::kEdDsa); ++i) {
          const Kind tried = static_cast<Kind>(i);
          EXPECT_EQ(row.signer.PublicKey().Verify(tried, message, signature),
                    row.name == maker.name && tried == made)
              << row.name << " " << i;
        }
      }
    }
  }
}

TEST(SignatureTest, RefusesWeakAndMalformedKeys) {
  const TestSigner rsa = TestSigner::Rsa();
  const std::vector<uint8_t> one = {1};
  const std::vector<uint8_t> even = {4};
  const std::vector<uint8_t> wide = {1, 0, 0, 0, 1};
  for (const auto& exponent : {one, even, wide, std::vector<uint8_t>{}}) {
    EXPECT_FALSE(VerifyKey::Rsa(rsa.first(), exponent).ok());
  }
  for (const int bits : {512, 1024}) {
    const TestSigner small = TestSigner::Rsa(bits);
    EXPECT_FALSE(VerifyKey::Rsa(small.first(), small.second()).ok()) << bits;
  }
  auto even_modulus = rsa.first();
  even_modulus.back() &= 0xfe;
  EXPECT_FALSE(VerifyKey::Rsa(even_modulus, rsa.second()).ok());
  const std::vector<uint8_t> huge(1025, 0xff);
  EXPECT_FALSE(VerifyKey::Rsa(huge, rsa.second()).ok());
  EXPECT_FALSE(VerifyKey::Rsa({}, rsa.second()).ok());

  const TestSigner ec = TestSigner::Ec();
  auto off = ec.second();
  off[5] ^= 1;
  EXPECT_FALSE(VerifyKey::Ec(Curve::kP256, ec.first(), off).ok());
  EXPECT_FALSE(VerifyKey::Ec(Curve::kP384, ec.first(), ec.second()).ok());
  EXPECT_FALSE(VerifyKey::Ec(Curve::kP256, {}, {}).ok());
  EXPECT_FALSE(VerifyKey::Ed25519(ec.first()).ok() &&
               VerifyKey::Ed25519(Bytes(ec.first()).first(31)).ok());
}

TEST(SignatureTest, DerOfAnyOtherFormIsRefused) {
  // SEQUENCE { INTEGER 1, INTEGER 2 }, then: a negative r, one with a needless
  // zero, trailing bytes, cut short, nothing.
  const auto der = ParseHex("3006020101020102");
  const auto raw = EcdsaFromDer(Curve::kP256, *der);
  ASSERT_TRUE(raw.has_value());
  EXPECT_EQ(ToHex(*raw),
            std::string(63, '0') + "1" + std::string(63, '0') + "2");
  for (const std::string bad :
       {"3006020181020102", "300702020001020102", "300602010102010200",
        "30060201010201", "", "00"}) {
    EXPECT_FALSE(EcdsaFromDer(Curve::kP256, *ParseHex(bad)).has_value()) << bad;
  }
}

TEST(Es256PrivateKeyTest, SignsWithAKeyFromPem) {
  const TestSigner signer = TestSigner::Ec();
  const auto key = Es256PrivateKey::FromPem(signer.ExposePem());
  ASSERT_TRUE(key.ok()) << key.status();
  const auto signature = key->Sign(AsBytes("a message"));
  EXPECT_EQ(signature.size(), 64u);
  EXPECT_TRUE(
      signer.PublicKey().Verify(Kind::kEs256, AsBytes("a message"), signature));
  for (const std::string& pem :
       {TestSigner::Rsa().ExposePem(), TestSigner::Ec(Curve::kP384).ExposePem(),
        signer.ExposePem().substr(0, 80), std::string("secret text"),
        std::string("-----END PRIVATE KEY----------BEGIN PRIVATE KEY-----")}) {
    const auto refused = Es256PrivateKey::FromPem(pem);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.status().message().find("secret text"),
              absl::string_view::npos);
  }
}

}  // namespace
}  // namespace warren::crypto
