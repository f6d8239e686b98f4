#include "io/web_form.h"

#include <gtest/gtest.h>

namespace warren::io {
namespace {

TEST(WebForm, DecodesFields) {
  const auto form = WebForm::Parse("a=1&b=x+y%26z&c=&d&e=%C3%A4%0A");
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->Get("a"), "1");
  EXPECT_EQ(form->Get("b"), "x y&z");
  EXPECT_EQ(form->Get("e"), "\xc3\xa4\n");
  EXPECT_TRUE(form->Has("c") && form->Has("d"));
  EXPECT_FALSE(form->Has("x"));
  EXPECT_EQ(form->Get("x"), "");
}

TEST(WebForm, AFieldThatComesTwiceHasNoValue) {
  const auto form = WebForm::Parse("a=1&a=2&b=3");
  EXPECT_TRUE(form->has_repeats());
  EXPECT_EQ(form->Get("a"), "");
  EXPECT_EQ(form->Get("b"), "3");
}

TEST(WebForm, RefusesWhatIsMalformed) {
  for (const char* bad : {"a=%", "a=%0", "a=%zz", "a=%00", "a=%ff", "%0a=1",
                          "a=%ed%a0%80", "a=%f4%90%80%80"}) {
    EXPECT_FALSE(WebForm::Parse(bad).has_value()) << bad;
  }
  std::string many;
  for (int i = 0; i < 201; ++i) many += "a&";
  EXPECT_FALSE(WebForm::Parse(many).has_value());
}

TEST(WebForm, EncodesWhatItDecodes) {
  const std::string text = "a b&c=d/\xc3\xa4?";
  EXPECT_EQ(PercentEncode(text), "a%20b%26c%3Dd%2F%C3%A4%3F");
  EXPECT_EQ(PercentDecode(PercentEncode(text)), text);
}

TEST(WebForm, FindsCookies) {
  EXPECT_EQ(FindCookie("a=1; b=2;c=x=y", "b"), "2");
  EXPECT_EQ(FindCookie("a=1; b=2;c=x=y", "c"), "x=y");
  EXPECT_EQ(FindCookie("ab=1", "b"), "");
  EXPECT_EQ(FindCookie("", "b"), "");
}

}  // namespace
}  // namespace warren::io
