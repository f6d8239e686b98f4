#include "core/policy/edit.h"

#include <string>

#include "gtest/gtest.h"

namespace warren::policy {
namespace {

constexpr char kPolicy[] = R"(// Our policy.
{
  "groups": {
    "group:ops": ["alice@x", "bob@x"], // on call
    "group:dev": [
      "carol@x", // lead
      "dan@x"
    ],
  },
  /* rules */
  "acls": [
    {"action": "accept", "src": ["*"], "dst": ["*:*"]}
    // more to come
  ]
}
)";

// kPolicy with `from` replaced.
std::string With(const std::string& from, const std::string& to) {
  std::string text = kPolicy;
  return text.replace(text.find(from), from.size(), to);
}

TEST(SetValueTest, ReplacesInPlace) {
  EXPECT_EQ(*SetValue(kPolicy, {"groups", "group:ops"}, "[\"eve@x\"]"),
            With("[\"alice@x\", \"bob@x\"]", "[\"eve@x\"]"));
  EXPECT_EQ(*SetValue(kPolicy, {"ACLs", "0", "src"}, " [] "),
            With("[\"*\"]", "[]"));
}

TEST(SetValueTest, AddsMembersBehindTheOthers) {
  EXPECT_EQ(*SetValue(kPolicy, {"groups", "group:new"}, "[]"),
            With("    ],\n  },", "    ],\n    \"group:new\": [],\n  },"));
  EXPECT_EQ(*SetValue(kPolicy, {"tagOwners", "tag:web"}, "[]"),
            With("to come\n  ]\n",
                 "to come\n  ],\n  \"tagOwners\": {\"tag:web\": []},\n"));
  EXPECT_EQ(*SetValue("{\"a\": 1}", {"b"}, "2"), "{\"a\": 1, \"b\": 2}");
  EXPECT_EQ(*SetValue("{\"a\": 1,}", {"b"}, "2"), "{\"a\": 1, \"b\": 2}");
}

TEST(SetValueTest, FillsEmptyObjects) {
  EXPECT_EQ(*SetValue("", {"a", "b"}, "1"), "{\n\t\"a\": {\"b\": 1},\n}\n");
  EXPECT_EQ(*SetValue("{}", {"a"}, "1"), "{\n\t\"a\": 1,\n}");
  EXPECT_EQ(*SetValue("{\n}", {"a"}, "1"), "{\n\t\"a\": 1,\n}");
  EXPECT_EQ(*SetValue("{ // none\n}", {"a"}, "1"), "{ // none\n\t\"a\": 1,\n}");
  EXPECT_EQ(*SetValue("{/*\n*/}", {"a"}, "1"), "{/*\n*/\n\t\"a\": 1,}");
  EXPECT_EQ(*SetValue("{\"x\": {}}", {"x", "a"}, "1"), "{\"x\": {\"a\": 1}}");
}

TEST(AddToListTest, AppendsOnce) {
  EXPECT_EQ(*AddToList(kPolicy, {"groups", "group:ops"}, "\"eve@x\""),
            With("\"bob@x\"]", "\"bob@x\", \"eve@x\"]"));
  EXPECT_EQ(*AddToList(kPolicy, {"groups", "group:dev"}, "\"eve@x\""),
            With("\"dan@x\"\n", "\"dan@x\",\n      \"eve@x\",\n"));
  EXPECT_EQ(*AddToList(kPolicy, {"groups", "group:ops"}, "\"bob@x\""), kPolicy);
  EXPECT_EQ(*AddToList(kPolicy, {"acls"}, "{}"),
            With("[\"*:*\"]}", "[\"*:*\"]},\n    {},"));
  EXPECT_EQ(*AddToList("{}", {"tagOwners", "tag:a"}, "\"b@x\""),
            "{\n\t\"tagOwners\": {\"tag:a\": [\"b@x\"]},\n}");
}

TEST(RemoveTest, TakesTheLineAndItsComma) {
  EXPECT_EQ(*RemoveFromList(kPolicy, {"groups", "group:ops"}, "\"alice@x\""),
            With("\"alice@x\", ", ""));
  EXPECT_EQ(*RemoveFromList(kPolicy, {"groups", "group:ops"}, "\"bob@x\""),
            With(", \"bob@x\"", ""));
  EXPECT_EQ(*RemoveFromList(kPolicy, {"groups", "group:dev"}, "\"carol@x\""),
            With("      \"carol@x\", // lead\n", ""));
  EXPECT_EQ(
      *RemoveFromList(kPolicy, {"groups", "group:dev"}, "\"dan@x\""),
      With("\"carol@x\", // lead\n      \"dan@x\"\n", "\"carol@x\" // lead\n"));
  EXPECT_EQ(
      *RemoveValue(kPolicy, {"groups", "group:ops"}),
      With("    \"group:ops\": [\"alice@x\", \"bob@x\"], // on call\n", ""));
  EXPECT_EQ(*RemoveFromList("{\"a\": [1, 2, 1]}", {"a"}, "1"), "{\"a\": [2]}");
  EXPECT_EQ(*RemoveFromList("{\"a\": [1]}", {"a"}, "1"), "{\"a\": []}");
}

TEST(EditTest, NamesWhatIsNotThere) {
  EXPECT_EQ(RemoveValue(kPolicy, {"groups", "group:x"}).status().message(),
            "the policy has no groups/group:x");
  EXPECT_EQ(
      RemoveFromList(kPolicy, {"groups", "group:ops"}, "1").status().message(),
      "groups/group:ops has no 1");
  EXPECT_EQ(AddToList(kPolicy, {"groups"}, "1").status().message(),
            "groups is an object, not a list");
  EXPECT_FALSE(SetValue("{", {"a"}, "1").ok());
  EXPECT_FALSE(SetValue("{}", {"a"}, "1 2").ok());
  EXPECT_FALSE(SetValue(kPolicy, {"acls", "7", "src"}, "[]").ok());
  EXPECT_FALSE(SetValue("{\"a\": 1}", {"a", "b"}, "1").ok());
}

}  // namespace
}  // namespace warren::policy
