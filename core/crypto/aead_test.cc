#include "core/crypto/aead.h"

#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/hex.h"
#include "gtest/gtest.h"

namespace warren::crypto {
namespace {

std::array<uint8_t, 32> CountingKey(uint8_t first) {
  std::array<uint8_t, 32> key;
  std::iota(key.begin(), key.end(), first);
  return key;
}

constexpr char kSunscreen[] =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one "
    "tip for the future, sunscreen would be it.";

std::vector<uint8_t> WithRoomForTag(absl::string_view text) {
  std::vector<uint8_t> data(text.begin(), text.end());
  data.resize(data.size() + kAeadTagSize);
  return data;
}

// RFC 8439 §2.8.2.
TEST(AeadKey, SealsAndOpensTheExampleOfRfc8439) {
  const AeadKey key{KeyBytes(CountingKey(0x80))};
  std::array<uint8_t, 12> nonce{0x07, 0, 0, 0};
  std::iota(nonce.begin() + 4, nonce.end(), uint8_t{0x40});
  const auto ad = *ParseHex("50515253c0c1c2c3c4c5c6c7");
  auto data = WithRoomForTag(kSunscreen);
  key.Seal(nonce, ad, data.data(), data.size() - kAeadTagSize);
  EXPECT_EQ(ToHex(Bytes(data).first(8)), "d31a8d34648e60db");
  EXPECT_EQ(ToHex(Bytes(data).last(16)), "1ae10b594f09e26a7e902ecbd0600691");
  ASSERT_TRUE(key.Open(nonce, ad, data.data(), data.size()));
  EXPECT_EQ(AsText(Bytes(data).first(data.size() - 16)), kSunscreen);
}

TEST(AeadKey, CountsLittleEndianBehindFourZeros) {
  const AeadKey key{KeyBytes(CountingKey(1))};
  auto by_counter = WithRoomForTag("text");
  auto by_nonce = by_counter;
  const std::array<uint8_t, 12> nonce{0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
  key.Seal(0x0102030405060708, {}, by_counter.data(), 4);
  key.Seal(nonce, {}, by_nonce.data(), 4);
  EXPECT_EQ(by_counter, by_nonce);
}

TEST(AeadKey, RefusesAnyChange) {
  const AeadKey key{KeyBytes(CountingKey(1))};
  auto sealed = WithRoomForTag("text");
  key.Seal(5, AsBytes("ad"), sealed.data(), 4);
  const auto opens = [&](uint64_t counter, absl::string_view ad,
                         std::vector<uint8_t> data) {
    return key.Open(counter, AsBytes(ad), data.data(), data.size());
  };
  EXPECT_TRUE(opens(5, "ad", sealed));
  EXPECT_FALSE(opens(6, "ad", sealed));
  EXPECT_FALSE(opens(5, "", sealed));
  for (size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(opens(5, "ad", changed)) << i;
    EXPECT_FALSE(opens(5, "ad", {sealed.begin(), sealed.begin() + i})) << i;
  }
}

TEST(AeadKey, WorksAfterAMove) {
  AeadKey first{KeyBytes(CountingKey(1))};
  auto data = WithRoomForTag("text");
  first.Seal(1, {}, data.data(), 4);
  AeadKey second{KeyBytes(CountingKey(2))};
  second = std::move(first);
  const AeadKey third = std::move(second);
  EXPECT_TRUE(third.Open(1, {}, data.data(), data.size()));
}

// draft-irtf-cfrg-xchacha-03 §A.3.1.
TEST(XSeal, SealsAndOpensTheExampleOfTheDraft) {
  const auto key = CountingKey(0x80);
  std::array<uint8_t, 24> nonce;
  std::iota(nonce.begin(), nonce.end(), uint8_t{0x40});
  const auto ad = *ParseHex("50515253c0c1c2c3c4c5c6c7");
  auto data = WithRoomForTag(kSunscreen);
  XSeal(key, nonce, ad, data.data(), data.size() - kAeadTagSize);
  EXPECT_EQ(ToHex(Bytes(data).first(8)), "bd6d179d3e83d43b");
  EXPECT_EQ(ToHex(Bytes(data).last(16)), "c0875924c1c7987947deafd8780acf49");
  auto changed = data;
  changed[3] ^= 1;
  EXPECT_FALSE(XOpen(key, nonce, ad, changed.data(), changed.size()));
  ASSERT_TRUE(XOpen(key, nonce, ad, data.data(), data.size()));
  EXPECT_EQ(AsText(Bytes(data).first(data.size() - 16)), kSunscreen);
}

}  // namespace
}  // namespace warren::crypto
