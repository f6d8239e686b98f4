#include "control/identity/json.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

// Objects within objects.
std::string Nested(int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += "{\"a\":";
  return text + "1" + std::string(static_cast<size_t>(depth), '}');
}

TEST(JsonTest, ReadsObjectsAndLists) {
  const auto object = ParseJsonObject("it", R"( {"a":{"b":1},"c":{"b":2}} )");
  ASSERT_TRUE(object.ok()) << object.status();
  EXPECT_EQ((*object)["c"]["b"], 2);
  EXPECT_TRUE(ParseJsonArray("it", "[1,[2]]").ok());
  EXPECT_TRUE(ParseJsonObject("it", Nested(kMaxJsonDepth)).ok());
  // Brackets in strings nest nothing.
  const std::string text = "{\"a\":\"" + std::string(99, '[') + "\\\"[\"}";
  EXPECT_TRUE(ParseJsonObject("it", text).ok());
}

TEST(JsonTest, RefusesTheRestWithoutRepeatingIt) {
  for (const std::string text :
       {"", "canary", "{", "{}}", "{} canary", "[1]", "7", "null",
        "{\"a\":1,\"a\":2}", "{\"x\":{\"a\":1,\"b\":0,\"a\":2}}",
        "[{\"a\":1,\"\\u0061\":2}]", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}",
        "{'a':1}", "{\"a\":1,}", "{\"a\":NaN}", "{\"a\":1e999}",
        "// canary\n{}"}) {
    const auto refused = ParseJsonObject("it", text);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument)
        << text;
    EXPECT_FALSE(absl::StrContains(refused.status().message(), "canary"));
  }
  EXPECT_FALSE(ParseJsonObject("it", Nested(kMaxJsonDepth + 1)).ok());
  EXPECT_FALSE(ParseJsonObject("it", Nested(100'000)).ok());
  EXPECT_FALSE(ParseJsonArray("it", std::string(1'000'000, '[')).ok());
  EXPECT_FALSE(ParseJsonArray("it", "{}").ok());
}

TEST(JsonTest, PrintsStrangersTextHarmlessly) {
  EXPECT_EQ(Printable("a\x1b[31m\n\xc3\xa9"), "a?[31m???");
  EXPECT_EQ(Printable("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace warren::control
