#include "client/cli/qr_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace warren::client {
namespace {

// The modules that a terminal would show, true = black, without the colours.
std::vector<std::vector<bool>> ModulesOf(const std::string& text) {
  std::vector<std::vector<bool>> rows;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::string plain = absl::StrReplaceAll(line, {{"\033[30;107m", ""},
                                                         {"\033[0m", ""},
                                                         {"\u2588", "B"},
                                                         {"\u2580", "T"},
                                                         {"\u2584", "L"}});
    std::vector<bool> upper, lower;
    for (const char c : plain) {
      upper.push_back(c == 'B' || c == 'T');
      lower.push_back(c == 'B' || c == 'L');
    }
    rows.push_back(upper);
    rows.push_back(lower);
  }
  return rows;
}

TEST(QrTextTest, HasItsQuietZoneAndFinderPatterns) {
  const auto text = QrText("https://control.example/login/0123456789abcdef");
  ASSERT_TRUE(text.ok()) << text.status();
  const auto rows = ModulesOf(*text);
  const size_t width = rows[0].size();
  ASSERT_GE(width, 21u + 8u);  // version 1 has 21 modules
  EXPECT_EQ((width - 8 - 21) % 4, 0u);
  EXPECT_EQ(rows.size(), width + 1);  // an odd number of rows, in pairs
  for (size_t i = 0; i < width; ++i) {
    for (size_t edge = 0; edge < 4; ++edge) {
      EXPECT_FALSE(rows[edge][i]);
      EXPECT_FALSE(rows[i][edge]);
      EXPECT_FALSE(rows[i][width - 1 - edge]);
    }
  }
  // The first row of the two upper patterns: 7 black, then white.
  const std::vector<bool>& top = rows[4];
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_TRUE(top[4 + i]);
    EXPECT_TRUE(top[width - 5 - i]);
  }
  EXPECT_FALSE(top[11]);
  EXPECT_FALSE(top[width - 12]);
}

TEST(QrTextTest, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(QrText("").ok());
  EXPECT_FALSE(QrText(std::string(5000, 'x')).ok());
}

}  // namespace
}  // namespace warren::client
