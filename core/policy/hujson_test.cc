#include "core/policy/hujson.h"

#include <string>

#include "gtest/gtest.h"

namespace warren::policy {
namespace {

// The value on one line, or "LINE:COLUMN MESSAGE".
std::string Read(absl::string_view text) {
  const ParsedJson parsed = ParseJson(text);
  if (parsed.ok()) return ToJson(parsed.root);
  const Problem& problem = parsed.problems[0];
  return std::to_string(problem.place.line) + ":" +
         std::to_string(problem.place.column) + " " + problem.message;
}

TEST(ParseJsonTest, ReadsHujson) {
  EXPECT_EQ(Read("{\"a\": [1, -2.5e3, true, null, \"x\"]}"),
            "{\"a\":[1,-2.5e3,true,null,\"x\"]}");
  EXPECT_EQ(Read("// first\n{ /* in */ \"a\" /*b*/ : 1, } // last"),
            "{\"a\":1}");
  EXPECT_EQ(Read("[1,2,]"), "[1,2]");
  EXPECT_EQ(Read("\xEF\xBB\xBF{\r\n\t\"a\": 1,\r\n}\r\n"), "{\"a\":1}");
  EXPECT_EQ(Read("[]"), "[]");
  EXPECT_EQ(Read("{}"), "{}");
}

TEST(ParseJsonTest, DecodesStrings) {
  EXPECT_EQ(ParseJson(R"("\u00e9\n\"\\\/\ud83d\ude00")").root.text,
            "\xC3\xA9\n\"\\/\xF0\x9F\x98\x80");
  EXPECT_EQ(QuoteJson("a\"\\\n\t\x01"), "\"a\\\"\\\\\\n\\t\\u0001\"");
}

TEST(ParseJsonTest, SaysWhereEachValueStands) {
  const std::string text = "// c\n{\n  \"a\": [\"x\",\n    \"y\"]\n}";
  const ParsedJson parsed = ParseJson(text);
  ASSERT_TRUE(parsed.ok());
  const JsonMember* member = parsed.root.Find("A");
  ASSERT_NE(member, nullptr);
  EXPECT_EQ(member->name.place, (Place{3, 3}));
  EXPECT_EQ(member->value.items[1].place, (Place{4, 5}));
  EXPECT_EQ(text.substr(member->value.items[1].begin, 3), "\"y\"");
  EXPECT_EQ(text[member->value.end - 1], ']');
}

TEST(ParseJsonTest, PlacesTheFault) {
  const struct {
    const char *text, *problem;
  } rows[] = {
      {"", "1:1 the text ends where a value is wanted"},
      {"{\n  \"a\" 1}", "2:7 found '1' instead of ':'"},
      {"{\"a\":1 \"b\":2}", "1:8 found '\"b\"' instead of ',' or '}'"},
      {"[1,,2]", "1:4 found ',' instead of a value"},
      {"[,]", "1:2 found ',' instead of a value"},
      {"{\"a\":}", "1:6 found '}' instead of a value"},
      {"{a:1}", "1:2 found 'a' instead of a name"},
      {"[1] 2", "1:5 more text after the end of the value"},
      {"[01]", "1:2 found '01' instead of a value"},
      {"[True]", "1:2 found 'True' instead of a value"},
      {"[1.]", "1:2 found '1.' instead of a value"},
      {"\"abc", "1:1 string without an end"},
      {"\"a\nb\"", "1:3 string without an end"},
      {"[1] /* x", "1:5 comment without an end"},
      {"[1] # x", "1:5 invalid character '#'"},
      {"{\"a\":1,\"b\":2,\n\"a\":3}", "2:1 duplicate name \"a\""},
      {"\"\\ud800\"", "1:1 half a surrogate pair"},
      {"\"\\udc00\\ud800\"", "1:1 half a surrogate pair"},
      {"\"\\u0000\"", "1:1 a string has a NUL character"},
      {"\"\\x\"", "1:1 an escape that JSON does not know"},
      {"\"\\u12g4\"", "1:1 \\u without four hexadecimal digits"},
      {"\"\xC0\xAF\"", "1:1 a string is not UTF-8"},
      {"\"\xED\xA0\x80\"", "1:1 a string is not UTF-8"},
      {"// \xFF\n[]", "1:1 a comment is not UTF-8"},
      {"[\x01]", "1:2 invalid byte 0x01"},
      {"[1", "1:3 the text ends where ',' or ']' is wanted"},
  };
  for (const auto& row : rows) EXPECT_EQ(Read(row.text), row.problem);
  EXPECT_EQ(Read(absl::string_view("[\0]", 3)), "1:2 invalid byte 0x00");
}

TEST(ParseJsonTest, LimitsDepth) {
  const std::string deep(kMaxJsonDepth, '[');
  EXPECT_EQ(Read(deep + std::string(kMaxJsonDepth, ']')).size(),
            2u * kMaxJsonDepth);
  EXPECT_EQ(Read(std::string(100000, '[')), "1:66 nested deeper than 64");
}

}  // namespace
}  // namespace warren::policy
