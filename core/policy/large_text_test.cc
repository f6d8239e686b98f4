// Policies of the largest size, made to cost the most. A member may have one
// checked, so each must be read, checked and compiled soon: one that takes
// time by the square takes minutes, and this test with it.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "core/policy/compiled.h"
#include "core/policy/policy_text.h"
#include "core/policy/tests.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

// `before`, as many of `item` (0, 1, ...) with commas as fit, `after`.
std::string Fill(const std::string& before,
                 const std::function<std::string(int)>& item,
                 const std::string& after, int most = 1 << 20) {
  std::string text = before;
  for (int i = 0; i < most; ++i) {
    const std::string next = item(i);
    if (text.size() + next.size() + after.size() + 1 > kMaxTextSize) break;
    absl::StrAppend(&text, i == 0 ? "" : ",", next);
  }
  return text + after;
}

// A list of half the size, for what refers to it.
std::string Half(const std::function<std::string(int)>& item) {
  return Fill("", item, "", 12'000);
}

constexpr char kAcl[] = R"({"action": "accept", "src": )";

struct Row {
  const char* name;
  std::string text;
};

std::vector<Row> Rows() {
  const auto text = [](const std::string& format) {
    return [format](int i) { return absl::Substitute(format, i, i + 1); };
  };
  const std::string tags = Half(text(R"("tag:aaaaaaaaaaaaaaaaaaa$0":[])"));
  const std::string hosts = Half(text(R"("host$0":"10.0.0.1")"));
  const std::string acl_end = R"(,"dst":["*:*"]}]})";
  return {
      {"UnknownFields", Fill("{", text(R"("f$0":1)"), "}")},
      {"UnknownTags",
       Fill("{\"tagOwners\":{" + tags + "},\"acls\":[" + kAcl + "[",
            text(R"("tag:aaaaaaaaaaaaaaaaaaab$0")"), "]" + acl_end)},
      {"UnknownHosts",
       Fill("{\"hosts\":{" + hosts + "},\"acls\":[" + kAcl + "[",
            text(R"("hosts$0")"), "]" + acl_end)},
      {"ManyHosts", Fill("{\"hosts\":{" + hosts + "},\"acls\":[" + kAcl + "[",
                         text(R"("host11999","host11998")"), "]" + acl_end)},
      {"GroupsThatDouble",
       Fill("{\"groups\":{", text(R"("group:g$0":["group:g$1","group:g$1"])"),
            absl::StrCat("},\"acls\":[", kAcl, "[\"group:g0\"]", acl_end))},
      {"GroupsInARow",
       Fill("{\"groups\":{\"group:g10000\":[],",
            text(R"("group:g$0":["group:g$1"])"),
            absl::StrCat("},\"acls\":[", kAcl, "[\"group:g0\"]", acl_end),
            10'000)},
      {"IpsetsThatDouble",
       Fill("{\"ipsets\":{\"ipset:s6000\":[\"add 10.0.0.0/8\"],",
            text(R"("ipset:s$0":["add ipset:s$1","add ipset:s$1"])"),
            absl::StrCat("},\"acls\":[", kAcl, "[\"ipset:s0\"]", acl_end),
            6000)},
      {"TagsInARow", Fill("{\"tagOwners\":{\"tag:t15000\":[],",
                          text(R"("tag:t$0":["tag:t$1"])"), "}}", 15'000)},
      {"ManyRules", Fill("{\"acls\":[",
                         text(R"({"action":"accept","src":["10.0.0.$0"],)"
                              R"("dst":["*:$0"]})"),
                         "]}", 250)},
      {"ManyPorts",
       Fill(
           absl::StrCat("{\"acls\":[", kAcl, "[\"*\"],\"dst\":[\"*:1"),
           [](int i) { return absl::StrCat(2 * i + 3); }, "\"]}]}", 32'000)},
      {"ManyTests",
       Fill("{\"acls\":[],\"tests\":[",
            text(R"({"src":"a$0@b.c","accept":["10.0.0.1:1"]})"), "]}")},
      {"LongPosture", Fill("{\"postures\":{\"posture:x\":[",
                           text(R"("node:os == 'linux'")"), "]}}")},
      {"LongName",
       "{\"groups\":{\"group:" + std::string(1'000'000, 'a') + "\":[]}}"},
      {"Brackets", std::string(kMaxTextSize, '[')},
      {"OpenComment", "/*" + std::string(kMaxTextSize - 2, '*')},
      {"TheSameNames", Fill("{", text(R"("acls":[])"), "}")},
  };
}

class LargeTextTest : public testing::TestWithParam<Row> {};

TEST_P(LargeTextTest, IsJudgedSoon) {
  ASSERT_LE(GetParam().text.size(), kMaxTextSize);
  ParsedPolicy parsed = ParsePolicy(GetParam().text);
  EXPECT_LE(parsed.problems.size(), kMaxProblems + 1);
  EXPECT_LE(Describe(parsed.problems).size(), 5000u);
  if (!parsed.ok()) return;
  const auto policy = std::make_shared<const Policy>(std::move(parsed.policy));
  auto topology = std::make_shared<Topology>();
  User user;
  user.id = UserId(1);
  user.login = "a@b.c";
  topology->users.push_back(user);
  for (int n = 1; n <= 3; ++n) {
    Node node;
    node.id = NodeId(n);
    node.name = absl::StrCat("n", n);
    node.user = user.id;
    node.ipv4 = net::IpAddress::V4(0x64400000u + static_cast<uint32_t>(n));
    topology->nodes.push_back(std::move(node));
  }
  (void)RunTests(*policy, *topology);
  const auto compiled = Compiled::Make(policy, topology);
  for (const Node& node : topology->nodes) (void)compiled->View(node.id);
}

INSTANTIATE_TEST_SUITE_P(, LargeTextTest, testing::ValuesIn(Rows()),
                         [](const auto& row) {
                           return std::string(row.param.name);
                         });

}  // namespace
}  // namespace warren::policy
