#include "core/base/base64url.h"

#include <string>
#include <vector>

#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren {
namespace {

TEST(Base64UrlTest, SpellsAsTheRfcDoes) {
  // RFC 4648 §10, less the padding; RFC 7515 appendix C.
  for (const auto& [text, spelled] :
       std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"f", "Zg"},
           {"fo", "Zm8"},
           {"foo", "Zm9v"},
           {"foob", "Zm9vYg"},
           {"fooba", "Zm9vYmE"},
           {"foobar", "Zm9vYmFy"},
           {"\x03\xec\xff\xe0\xc1", "A-z_4ME"}}) {
    EXPECT_EQ(ToBase64Url(AsBytes(text)), spelled);
    const auto back = ParseBase64Url(spelled);
    ASSERT_TRUE(back.has_value()) << spelled;
    EXPECT_EQ(AsText(*back), text);
  }
}

TEST(Base64UrlTest, TakesNoOtherSpelling) {
  for (const std::string text :
       {"Zg==", "Zm8=", "Z", "Zm9vY", "Zh", "Zm9", "Zm 8", "Zm8\n", "A+z/4ME",
        "Zm8.", "Zm9v=", "="}) {
    EXPECT_FALSE(ParseBase64Url(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseBase64Url(absl::string_view("Zm\0v", 4)).has_value());
}

TEST(Base64UrlTest, EveryLengthComesBack) {
  SeededRng rng(1);
  for (size_t size = 0; size < 300; ++size) {
    std::vector<uint8_t> bytes(size);
    rng.Fill(bytes);
    EXPECT_EQ(ParseBase64Url(ToBase64Url(bytes)), bytes);
  }
}

}  // namespace
}  // namespace warren
