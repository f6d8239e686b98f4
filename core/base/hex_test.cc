#include "core/base/hex.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace warren {
namespace {

TEST(Hex, WritesLowerCasePairs) {
  EXPECT_EQ(ToHex(std::vector<uint8_t>{0x00, 0x0f, 0xa5, 0xff}), "000fa5ff");
}

TEST(Hex, ReadsEitherCase) {
  EXPECT_EQ(*ParseHex("00Ffa5"), (std::vector<uint8_t>{0x00, 0xff, 0xa5}));
}

TEST(Hex, NamesThePlaceAndNotTheTextOfABadDigit) {
  const auto parsed = ParseHex("00g0");
  ASSERT_FALSE(parsed.ok());
  const std::string message(parsed.status().message());
  EXPECT_NE(message.find("position 2"), std::string::npos) << message;
  EXPECT_EQ(message.find("00g0"), std::string::npos) << message;
}

TEST(Hex, RefusesAnOddNumberOfDigits) { EXPECT_FALSE(ParseHex("abc").ok()); }

}  // namespace
}  // namespace warren
