#include "core/crypto/blake2s.h"

#include <string>

#include "core/base/hex.h"
#include "gtest/gtest.h"

namespace warren::crypto {
namespace {

TEST(Blake2s, GivesTheDigestOfRfc7693) {
  EXPECT_EQ(ToHex(Blake2s256(AsBytes("abc"))),
            "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  EXPECT_EQ(ToHex(Blake2s256(Bytes())),
            "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9");
}

TEST(Blake2s, DoesNotDependOnHowTheInputIsCut) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  const Bytes all = AsBytes(text);
  const Digest whole = Blake2s256(all);
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    EXPECT_EQ(Blake2s256({all.first(cut), all.subspan(cut)}), whole) << cut;
  }
}

// The self test of RFC 7693 appendix E: a digest over the digests of many
// sizes of key, input and output.
TEST(Blake2s, PassesTheSelfTestOfRfc7693) {
  const auto sequence = [](size_t size, uint32_t seed) {
    std::vector<uint8_t> out(size);
    uint32_t a = 0xdead4bad * seed;
    uint32_t b = 1;
    for (uint8_t& byte : out) {
      const uint32_t t = a + b;
      a = b;
      b = t;
      byte = static_cast<uint8_t>(t >> 24);
    }
    return out;
  };
  Blake2s total;
  for (size_t digest_size : {16u, 20u, 28u, 32u}) {
    const auto key = sequence(digest_size, static_cast<uint32_t>(digest_size));
    for (size_t size : {0u, 3u, 64u, 65u, 255u, 1024u}) {
      const auto input = sequence(size, static_cast<uint32_t>(size));
      std::vector<uint8_t> digest(digest_size);
      Blake2s({}, digest_size).Update(input).Finish(digest);
      total.Update(digest);
      Blake2s(key, digest_size).Update(input).Finish(digest);
      total.Update(digest);
    }
  }
  Digest out;
  total.Finish(out);
  EXPECT_EQ(ToHex(out),
            "6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe");
}

TEST(Blake2sMac128, GivesTheCookieOfTheSpecification) {
  const std::vector<uint8_t> secret(32, 0xab);
  EXPECT_EQ(ToHex(Blake2sMac128(secret, *ParseHex("c0000207a9a2"))),
            "b3840e1c40d5c930cb2343214c0890be");
}

TEST(Kdf, GivesTheOutputsOfWireguardGo) {
  const auto text = Kdf3(AsBytes("test-key"), AsBytes("test-input"));
  EXPECT_EQ(ToHex(text[0].Expose()),
            "6f0e5ad38daba1bea8a0d213688736f19763239305e0f58aba697f9ffc41c633");
  EXPECT_EQ(ToHex(text[1].Expose()),
            "df1194df20802a4fe594cde27e92991c8cae66c366e8106aaa937a55fa371e8a");
  EXPECT_EQ(ToHex(text[2].Expose()),
            "fac6e2745a325f5dc5d11a5b165aad08b0ada28e7b4e666b7c077934a4d76c24");
  const auto empty = Kdf3({}, {});
  EXPECT_EQ(ToHex(empty[0].Expose()),
            "8387b46bf43eccfcf349552a095d8315c4055beb90208fb1be23b894bc2ed5d0");
  EXPECT_EQ(ToHex(empty[1].Expose()),
            "58a0e5f6faefccf4807bff1f05fa8a9217945762040bcec2f4b4a62bdfe0e86e");
  EXPECT_EQ(ToHex(empty[2].Expose()),
            "0ce6ea98ec548f8e281e93e32db65621c45eb18dc6f0a7ad94178610a2f7338e");
}

TEST(Kdf, FewerOutputsAreThePrefixOfMore) {
  const auto three = Kdf3(AsBytes("k"), AsBytes("i"));
  const auto two = Kdf2(AsBytes("k"), AsBytes("i"));
  const auto one = Kdf1(AsBytes("k"), AsBytes("i"));
  EXPECT_EQ(ToHex(two[0].Expose()), ToHex(three[0].Expose()));
  EXPECT_EQ(ToHex(two[1].Expose()), ToHex(three[1].Expose()));
  EXPECT_EQ(ToHex(one[0].Expose()), ToHex(three[0].Expose()));
}

TEST(HmacBlake2s, HashesAKeyLongerThanABlockFirst) {
  const std::string longer(65, 'k');
  const Digest digest = Blake2s256(AsBytes(longer));
  EXPECT_EQ(ToHex(HmacBlake2s(AsBytes(longer), {AsBytes("m")}).Expose()),
            ToHex(HmacBlake2s(digest, {AsBytes("m")}).Expose()));
}

TEST(Sha256, GivesTheDigestOfFips180) {
  EXPECT_EQ(ToHex(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace warren::crypto
