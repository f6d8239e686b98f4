// Cases in the shape of recorded ones: our own in testdata, and, where they
// are, those that were recorded from the hosted service.

#include "admin-cli/policy_case.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace warren::admin {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr char kOwnCases[] = "admin-cli/testdata/policy_cases";

// These were recorded while a route was being approved: the router's own view
// and some of its peers' lack a route that other peers have.
const std::set<std::string>& Inconsistent() {
  static const auto* const names = new std::set<std::string>{"acl-k03"};
  return *names;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> CasesIn(const fs::path& folder) {
  std::vector<fs::path> cases;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".json") cases.push_back(entry.path());
  }
  std::ranges::sort(cases);
  return cases;
}

Json SortedArray(Json list) {
  std::sort(list.begin(), list.end());
  return list;
}

// What has no order: rules, sources, principals. Recorded cases list the
// latter two in the order of addresses that were replaced afterwards.
Json WithoutOrder(Json view) {
  for (Json& rule : view["filter"])
    rule["SrcIPs"] = SortedArray(rule["SrcIPs"]);
  view["filter"] = SortedArray(view["filter"]);
  for (Json& rule : view["ssh"]) {
    rule["principals"] = SortedArray(rule["principals"]);
  }
  view["ssh"] = SortedArray(view["ssh"]);
  return view;
}

void ExpectRefusal(const Json& wanted, const Json& got) {
  const auto message = wanted["error"]["message"].get<std::string>();
  EXPECT_THAT(got["error"]["message"].get<std::string>(), HasSubstr(message));
}

void ExpectView(const Json& wanted, const Json& got, bool with_routes) {
  const Json want = WithoutOrder(wanted);
  const Json have = WithoutOrder(got);
  for (const auto& [part, value] : want.items()) {
    if (!with_routes && (part == "peers" || part == "self")) continue;
    EXPECT_EQ(value, have[part]) << part;
  }
}

void ExpectAsRecorded(const fs::path& path) {
  SCOPED_TRACE(path.filename());
  const std::string text = ReadFile(path);
  const Json recorded = Json::parse(text, nullptr, false);
  const auto read = ReadPolicyCase(text);
  ASSERT_TRUE(read.ok()) << read.status();
  const Json got = Json::parse(CompilePolicyCase(*read), nullptr, false);
  ASSERT_EQ(recorded["status"], got["status"]) << got["error"];
  if (recorded["status"] != 200) return ExpectRefusal(recorded, got);
  for (const auto& [node, view] : recorded["expect"].items()) {
    SCOPED_TRACE(node);
    ASSERT_TRUE(got["expect"].contains(node));
    ExpectView(view, got["expect"][node],
               !Inconsistent().contains(path.stem()));
  }
}

TEST(PolicyCase, OwnCasesCompileAsTheySay) {
  const auto cases = CasesIn(kOwnCases);
  ASSERT_FALSE(cases.empty());
  for (const fs::path& path : cases) ExpectAsRecorded(path);
}

TEST(PolicyCase, RecordedCasesCompileAsRecorded) {
  // Beside the folder of this source tree, which test data link to.
  const fs::path root =
      fs::canonical(CasesIn(kOwnCases).front()).parent_path() / "../../..";
  const fs::path folder = root / "../shared/policy-captures";
  const auto cases = CasesIn(folder);
  if (cases.empty()) {
    GTEST_SKIP() << "no recorded cases at " << folder << ": nothing to check";
  }
  for (const fs::path& path : cases) ExpectAsRecorded(path);
  std::cout << cases.size() << " recorded cases\n";
}

struct BadCase {
  const char* name;
  const char* json;
  const char* fault;
};

TEST(PolicyCase, SaysWhatIsWrongWithAFile) {
  const std::vector<BadCase> rows = {
      {"Empty", "", "line 1"},
      {"NotJson", "{", "line 1"},
      {"NotAnObject", "[]", "a case must be an object"},
      {"NoPolicy", R"({"topology": {}})", "needs \"policy\""},
      {"PolicyIsANumber", R"({"policy": 7, "topology": {}})",
       "must be the text of a policy"},
      {"NoTopology", R"({"policy": "{}"})", "needs \"topology\""},
      {"TopologyIsAList", R"({"policy": "{}", "topology": []})", "a topology"},
      {"NodeIsText", R"({"policy": "{}", "topology": {"nodes": {"a": "b"}}})",
       "a node"},
      {"BadAddress",
       R"({"policy": {}, "topology": {"nodes": {"a": {"ipv4": "1.2.3"}}}})",
       "1.2.3"},
      {"BadRoute",
       R"({"policy": {}, "topology": {"nodes": {"a": {"routable_ips":
           ["10.0.0.0/33"]}}}})",
       "10.0.0.0/33"},
      {"UnknownUser",
       R"({"policy": {}, "topology": {"nodes": {"a": {"user": "bob"}}}})",
       "there is no user \"bob\""},
  };
  for (const BadCase& row : rows) {
    SCOPED_TRACE(row.name);
    const auto read = ReadPolicyCase(row.json);
    ASSERT_FALSE(read.ok());
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(row.fault));
  }
}

Json Expectation(const std::string& json) {
  const auto read = ReadPolicyCase(json);
  EXPECT_TRUE(read.ok()) << read.status();
  if (!read.ok()) return Json();
  return Json::parse(CompilePolicyCase(*read), nullptr, false)["expect"];
}

// Two routers of one network; "zed" is the older one by its id.
std::string TwoRouters(const std::string& id_of_zed,
                       const std::string& id_of_abe) {
  const char kRoutes[] = R"("routable_ips": ["10.9.0.0/24"],
                            "approved_routes": ["10.9.0.0/24"])";
  return absl::StrCat(
      R"({"policy": {}, "topology": {"users": [{"name": "ann"}], "nodes": {
          "pc": {"user": "ann", "ipv4": "100.70.0.1"},
          "abe": {"user": "ann", "ipv4": "100.70.0.2")",
      id_of_abe, ", ", kRoutes, R"(},
          "zed": {"user": "ann", "ipv4": "100.70.0.3")",
      id_of_zed, ", ", kRoutes, "}}}}");
}

TEST(PolicyCase, TheOldestRouterIsPrimary) {
  const Json by_name = Expectation(TwoRouters("", ""));
  EXPECT_FALSE(by_name["pc"]["peers"]["abe"]["primary_routes"].is_null());
  EXPECT_TRUE(by_name["pc"]["peers"]["zed"]["primary_routes"].is_null());
  const Json by_id = Expectation(TwoRouters(R"(, "id": 4)", R"(, "id": 5)"));
  EXPECT_TRUE(by_id["pc"]["peers"]["abe"]["primary_routes"].is_null());
  EXPECT_FALSE(by_id["pc"]["peers"]["zed"]["primary_routes"].is_null());
}

TEST(PolicyCase, CapabilitiesWithoutValuesStayAsWritten) {
  const Json got = Expectation(
      R"({"policy": {"grants": [{"src": ["*"], "dst": ["*"], "app": {
            "tailscale.com/cap/relay": [], "lab.test/cap/a": null}}]},
          "topology": {"users": [{"name": "ann"}], "nodes": {
            "pc": {"user": "ann", "ipv4": "100.70.0.1"}}}})");
  const Json& filter = got["pc"]["filter"];
  EXPECT_EQ(filter[0]["CapGrant"][0]["CapMap"],
            Json({{"tailscale.com/cap/relay", Json::array()},
                  {"lab.test/cap/a", nullptr}}));
  EXPECT_EQ(filter[1]["CapGrant"][0]["CapMap"],
            Json({{"tailscale.com/cap/relay-target", nullptr}}));
}

// Programs ask at the node's own address, not at those behind it.
TEST(PolicyCase, WhoisIsAboutTheNodeItself) {
  const Json got = Expectation(
      R"({"policy": {"tagOwners": {"tag:gw": []}, "grants": [
            {"src": ["*"], "dst": ["10.9.0.0/24"], "app": {"lab.test/a": [1]}},
            {"src": ["*"], "dst": ["tag:gw"], "app": {"lab.test/b": [2]}}]},
          "topology": {"users": [{"name": "ann"}], "nodes": {
            "pc": {"user": "ann", "ipv4": "100.70.0.1"},
            "gw": {"tags": ["tag:gw"], "ipv4": "100.70.0.2",
                   "routable_ips": ["10.9.0.0/24"],
                   "approved_routes": ["10.9.0.0/24"]}}}})");
  EXPECT_EQ(got["gw"]["whois_caps"]["100.70.0.1"], Json({{"lab.test/b", {2}}}));
}

// A case needs no more than a policy and a topology without anybody.
Json Answer(const std::string& policy) {
  const auto read = ReadPolicyCase(
      absl::StrCat(R"({"topology": {}, "policy": )", policy, "}"));
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() ? Json::parse(CompilePolicyCase(*read), nullptr, false)
                   : Json();
}

TEST(PolicyCase, RefusesWhatTheHostedServiceRefuses) {
  const struct {
    const char* policy;
    const char* message;
  } rows[] = {
      {R"({"alcs": []})", "json: unknown field \"alcs\""},
      {R"({"groups": {"group:a": ["group:b"], "group:b": []}})",
       "cannot be recursive"},
      {R"({"ssh": [{"action": "accept", "users": ["root"],
                    "src": ["ann@lab.test"], "dst": ["autogroup:tagged"]}]})",
       "invalid dst \"autogroup:tagged\""},
      {R"({"tests": [{"src": "autogroup:member", "deny": ["10.0.0.1:1"]}]})",
       "test(s) failed"},
      {R"({"tests": [{"src": "10.0.0.1", "deny": ["autogroup:tagged:1"]}]})",
       "test(s) failed"},
      {R"({"sshTests": [{"src": "ann@lab.test", "deny": ["root"],
                         "dst": ["autogroup:self"]}]})",
       "SSH tests dst contains disallowed element \"autogroup:self\""},
  };
  for (const auto& row : rows) {
    const Json got = Answer(row.policy);
    EXPECT_EQ(got["status"], 400) << row.policy;
    EXPECT_THAT(got["error"]["message"].get<std::string>(),
                HasSubstr(row.message));
  }
}

TEST(PolicyCase, ARefusedPolicyIsAnAnswer) {
  const auto read = ReadPolicyCase(
      R"({"policy": "{\"acls\": [{\"action\": \"deny\"}]}", "topology": {}})");
  ASSERT_TRUE(read.ok()) << read.status();
  const Json got = Json::parse(CompilePolicyCase(*read), nullptr, false);
  EXPECT_EQ(got["status"], 400);
  EXPECT_THAT(got["error"]["message"].get<std::string>(), HasSubstr("action"));
}

}  // namespace
}  // namespace warren::admin
