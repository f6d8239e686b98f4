#include "control/api/json_message.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

struct Refused {
  const char* name;
  std::string json;
  const char* told;  // part of the message
};

// Of a CreateAuthKeyRequest: user, reusable, tags[], lifetime_ms, ...
const Refused kRefused[] = {
    {"empty", "", "JSON"},
    {"cut off", R"({"user": "al)", "JSON"},
    {"trailing data", R"({"user": "a"} {})", "JSON"},
    {"trailing comma", R"({"user": "a",})", "JSON"},
    {"comment", "{/* x */}", "JSON"},
    {"member twice", R"({"user": "a", "user": "b"})", "\"user\" comes twice"},
    {"unknown member", R"({"usr": "a"})", "no field \"usr\""},
    {"camel case", R"({"lifetimeMs": 5})", "no field \"lifetimeMs\""},
    {"not an object", "[]", "must be an object"},
    {"a scalar", "5", "must be an object"},
    {"bool as text", R"({"reusable": "true"})", "reusable: must be true"},
    {"bool as number", R"({"reusable": 1})", "reusable: must be true"},
    {"text as number", R"({"user": 5})", "user: must be a string"},
    {"array as text", R"({"tags": "tag:a"})", "tags: must be an array"},
    {"number in array", R"({"tags": ["tag:a", 5]})", "tags[1]: must be"},
    {"huge number", R"({"lifetime_ms": 1e400})", "JSON"},
    {"fraction", R"({"lifetime_ms": 5.5})", "lifetime_ms: must be a whole"},
    {"whole as fraction", R"({"lifetime_ms": 5.0})", "lifetime_ms: must be"},
    {"minus zero", R"({"lifetime_ms": -0})", "-0"},
    {"beyond 2^53", R"({"lifetime_ms": 9007199254740993})", "lifetime_ms"},
    {"beyond 64 bits", R"({"lifetime_ms": "99999999999999999999"})", "range"},
    {"words for a number", R"({"lifetime_ms": "soon"})", "whole number"},
    {"negative unsigned", R"({"max_uses": -1})", "max_uses: must be from 0"},
    {"invalid utf-8", "{\"user\": \"\xff\xfe\"}", "JSON"},
    {"lone surrogate", R"({"user": "\ud800"})", "JSON"},
    {"nul", R"({"user": "a\u0000b"})", "U+0000"},
    {"nul in a name", R"({"us\u0000er": "a"})", "U+0000"},
    {"too deep", std::string(1000, '['), "nested deeper than 32"},
};

TEST(ParseJsonTest, RefusesWhatIsNotMeant) {
  for (const Refused& row : kRefused) {
    SCOPED_TRACE(row.name);
    v1::CreateAuthKeyRequest message;
    const absl::Status status = ParseJson(row.json, message, nullptr);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(row.told), absl::string_view::npos)
        << status;
  }
}

TEST(ParseJsonTest, A32BitNumberIsNoText) {
  v1::ListAuditRequest message;
  EXPECT_FALSE(ParseJson(R"({"limit": "5"})", message, nullptr).ok());
  EXPECT_FALSE(ParseJson(R"({"limit": 4294967296})", message, nullptr).ok());
  EXPECT_TRUE(ParseJson(R"({"limit": 4294967295})", message, nullptr).ok());
}

TEST(ParseJsonTest, ReadsWhatItWrites) {
  v1::CreateAuthKeyRequest in;
  in.set_user("alice \"<b>\xc3\xa9");
  in.set_reusable(true);
  in.add_tags("tag:a");
  in.set_lifetime_ms(int64_t{1} << 60);
  const auto json = ToJson(in);
  ASSERT_TRUE(json.ok());
  v1::CreateAuthKeyRequest out;
  ASSERT_TRUE(ParseJson(*json, out, nullptr).ok());
  EXPECT_EQ(out.SerializeAsString(), in.SerializeAsString());
}

TEST(ParseJsonTest, TellsWhichMembersWereThere) {
  v1::SetSettingsRequest message;
  std::set<std::string> members;
  ASSERT_TRUE(
      ParseJson(R"({"settings": {"approve_users": false}})", message, &members)
          .ok());
  EXPECT_EQ(members,
            (std::set<std::string>{"settings", "settings.approve_users"}));
}

TEST(ParseJsonTest, ReadsMaps) {
  v1::SetNodeAttributesRequest message;
  ASSERT_TRUE(
      ParseJson(R"({"attributes": {"custom:tier": "gold"}})", message, nullptr)
          .ok());
  EXPECT_EQ(message.attributes().at("custom:tier"), "gold");
}

TEST(SetFromTextTest, ReadsQueries) {
  v1::ListAuditRequest message;
  const auto& type = *message.GetDescriptor();
  EXPECT_TRUE(SetFromText(message, *type.FindFieldByName("limit"), "7").ok());
  EXPECT_EQ(message.limit(), 7u);
  for (const char* bad : {"-1", "", "1e3", "4294967296", "x"}) {
    EXPECT_FALSE(SetFromText(message, *type.FindFieldByName("limit"), bad).ok())
        << bad;
  }
}

}  // namespace
}  // namespace warren::control
