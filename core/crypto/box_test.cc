#include "core/crypto/box.h"

#include <string>
#include <vector>

#include "core/base/hex.h"
#include "core/crypto/x25519.h"
#include "gtest/gtest.h"

namespace warren::crypto {
namespace {

DiscoPrivateKey Disco(uint8_t first) {
  std::array<uint8_t, 32> key;
  for (size_t i = 0; i < 32; ++i) key[i] = static_cast<uint8_t>(first + i);
  key[31] = static_cast<uint8_t>((key[31] & 0x7f) | 0x40);
  return DiscoPrivateKey::FromBytes(key);
}

TEST(X25519, GivesTheSecretOfTheSpecification) {
  const auto a = Disco(0x40);
  const auto b = Disco(0x60);
  const std::string want =
      "d6fb939511b2381bc8599b4b8edc5968829450dfd7a87aebe78a703cd04cd54e";
  EXPECT_EQ(ToHex(X25519(a, b.public_key())->Expose()), want);
  EXPECT_EQ(ToHex(X25519(b, a.public_key())->Expose()), want);
}

// RFC 7748 §5.2, a thousand rounds.
TEST(X25519, GivesTheIteratedResultOfRfc7748) {
  SharedSecret k(KeyBytes(std::array<uint8_t, 32>{9}));
  SharedSecret u = k.Clone();
  for (int i = 0; i < 1000; ++i) {
    auto next = X25519(k.Expose(), u.Expose());
    ASSERT_TRUE(next.has_value());
    u = std::move(k);
    k = *std::move(next);
  }
  EXPECT_EQ(ToHex(k.Expose()),
            "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// The points of low order and their non-canonical twins: https://cr.yp.to/
// ecdh.html#validate. Each is also tried with the ignored top bit set.
TEST(X25519, RefusesPointsOfLowOrder) {
  const auto mine = Disco(0x40);
  for (const char* hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    auto bytes = *ParseHex(hex);
    for (const bool top_bit : {false, true}) {
      if (top_bit) bytes[31] |= 0x80;
      const auto theirs = DiscoKey::FromBytes(Bytes(bytes).first<32>());
      EXPECT_FALSE(X25519(mine, theirs).has_value()) << hex;
      EXPECT_FALSE(BoxSharedKey::Create(mine, theirs).has_value()) << hex;
    }
  }
}

TEST(BoxSharedKey, SealsWhatTheOtherSideOpens) {
  SeededRng rng(1);
  const auto a = Disco(0x40);
  const auto b = Disco(0x60);
  const auto at_a = BoxSharedKey::Create(a, b.public_key());
  const auto at_b = BoxSharedKey::Create(b, a.public_key());
  for (size_t size : {0, 1, 31, 32, 33, 1000}) {
    const std::vector<uint8_t> plain(size, 0x5a);
    const auto box = at_a->Seal(rng, plain);
    EXPECT_EQ(box.size(), size + kBoxOverhead);
    EXPECT_EQ(at_b->Open(box), plain);
  }
  EXPECT_NE(at_a->Seal(rng, {}), at_a->Seal(rng, {}));
}

TEST(BoxSharedKey, RefusesAnyChange) {
  SeededRng rng(1);
  const auto a = Disco(0x40);
  const auto key = BoxSharedKey::Create(a, Disco(0x60).public_key());
  const auto box = key->Seal(rng, AsBytes("text"));
  for (size_t i = 0; i < box.size(); ++i) {
    auto changed = box;
    changed[i] ^= 1;
    EXPECT_EQ(key->Open(changed), std::nullopt) << i;
    EXPECT_EQ(key->Open(Bytes(box).first(i)), std::nullopt) << i;
  }
  const auto other = BoxSharedKey::Create(a, Disco(0x20).public_key());
  EXPECT_EQ(other->Open(box), std::nullopt);
}

}  // namespace
}  // namespace warren::crypto
