#include "control/document/yaml_message.h"

#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"
#include "warren/v1/tailnet_spec.pb.h"

namespace warren::control {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr char kSettings[] = "warren.v1.TailnetSettings";

v1::TailnetSpec Some() {
  v1::TailnetSpec spec;
  spec.set_format(1);
  spec.set_name("calm-otter");
  spec.mutable_settings()->set_local_accounts(true);
  spec.mutable_settings()->set_key_lifetime_ms(-1);
  auto& user = *spec.add_users();
  user.set_login("alice@example.com");
  user.set_display_name("Alice \"A\" O'Hara: the #1");
  user.set_role("owner");
  auto& identity = *user.add_identities();
  identity.set_issuer("https://id.example/");
  identity.set_subject("..");
  identity.set_email_verified(true);
  identity.add_groups("true");
  identity.add_groups("");
  spec.set_policy("// people\n{\n\t\"acls\": [],\n\n}\n");
  auto& node = *spec.add_nodes();
  node.set_name("laptop");
  (*node.mutable_attributes())["custom:tier"] = "1.0";
  (*node.mutable_attributes())["custom:a"] = "no";
  auto& relay = *spec.add_relays();
  relay.set_id(900);
  relay.add_nodes()->set_stun_port(-1);
  return spec;
}

v1::TailnetSpec RoundTrip(const v1::TailnetSpec& spec) {
  v1::TailnetSpec out;
  const std::string yaml = ToYaml(spec, kSettings);
  const absl::Status read = FromYaml(yaml, out);
  EXPECT_TRUE(read.ok()) << read << "\n" << yaml;
  return out;
}

TEST(YamlMessage, ComesBackAsItWas) {
  EXPECT_TRUE(MessageDifferencer::Equals(RoundTrip(Some()), Some()))
      << ToYaml(Some(), kSettings);
}

TEST(YamlMessage, TextsComeBackByteForByte) {
  const char* const texts[] = {
      "a",      "a\n",         "a\n\n",       "\na",  " a\nb", "a\n b\n",
      "\ta\nb", "a: b\n- c\n", "#x\ny",       "null", "~",     "0x1f",
      "1e3",    "a\r\nb",      "\xc3\xa9\nb", "|",    "---",   "a\n\n\nb",
      "%\n%",   "...\n---\nx", "\x01",        "'",    "- x",   "a #b"};
  for (const char* text : texts) {
    v1::TailnetSpec spec;
    spec.set_policy(text);
    spec.set_name(text);
    spec.add_users()->add_identities()->add_groups(text);
    EXPECT_TRUE(MessageDifferencer::Equals(RoundTrip(spec), spec))
        << "\"" << text << "\"\n"
        << ToYaml(spec, kSettings);
  }
}

TEST(YamlMessage, ReadsAsAPersonWouldWriteIt) {
  EXPECT_EQ(ToYaml(Some(), kSettings).substr(0, 106),
            "format: 1\n"
            "name: calm-otter\n"
            "settings:\n"
            "  approve_devices: false\n"
            "  approve_users: false\n"
            "  invited_only: false");
}

TEST(YamlMessage, SaysWhereAndWhatIsWrong) {
  struct Case {
    const char* yaml;
    const char* message;
  };
  const Case cases[] = {
      {"name: x\nusrs: []\n", "line 2, column 1: there is no field \"usrs\""},
      {"name: x\nname: y\n", "line 2, column 1: \"name\" stands here twice"},
      {"format: one\n",
       "line 1, column 9: format is \"one\", must be a number"},
      {"format: 4294967296\n", "must be a number"},
      {"users: {}\n", "users must be a list"},
      {"users:\n  - login: [a]\n", "line 2, column 12: login must be one"},
      {"settings:\n  approve_users: maybe\n", "must be true or false"},
      {"users: [x]\n", "here belong fields"},
      {"a: [1, 2\n", "line "},
      {"- 1\n", "here belong fields"},
      {"name: *x\n", "line 1"},
  };
  for (const Case& wrong : cases) {
    v1::TailnetSpec spec;
    const absl::Status status = FromYaml(wrong.yaml, spec);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << wrong.yaml << status;
    EXPECT_NE(std::string(status.message()).find(wrong.message),
              std::string::npos)
        << status;
  }
}

TEST(YamlMessage, SurvivesWhatIsTooMuch) {
  v1::TailnetSpec spec;
  EXPECT_FALSE(FromYaml(std::string(200'000, '['), spec).ok());
  EXPECT_FALSE(FromYaml(std::string(kMaxYamlSize + 1, 'a'), spec).ok());
  EXPECT_FALSE(FromYaml("&a [*a, *a]", spec).ok());
  // A billion users.
  std::string laughs = "users:\n- &a {login: x, identities: [";
  for (int i = 0; i < 1000; ++i) laughs += "&b {issuer: y}, *b, ";
  laughs += "]}\n";
  for (int i = 0; i < 1000; ++i) laughs += "- *a\n";
  const absl::Status refused = FromYaml(laughs, spec);
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_NE(refused.message().find("line 2, column 3: anchors"),
            absl::string_view::npos)
      << refused;
  EXPECT_FALSE(FromYaml("name: &a x\n", spec).ok());
  EXPECT_FALSE(FromYaml("name: x\n---\nname: y\n", spec).ok());
  EXPECT_TRUE(FromYaml("---\nname: x\n...\n# end\n", spec).ok());
  EXPECT_FALSE(FromYaml("name: " + std::string(100'000, '{'), spec).ok());
}

}  // namespace
}  // namespace warren::control
