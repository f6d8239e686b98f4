#include "core/policy/lockout.h"

#include <memory>
#include <string>

#include "core/policy/policy_text.h"
#include "core/policy/topology_text.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

constexpr char kTopology[] = R"({
  "users": [{"id": 1, "name": "alice", "role": "owner"},
            {"id": 2, "name": "bob", "role": "network-admin"},
            {"id": 3, "name": "carol"}, {"id": 4, "name": "dan"}],
  "nodes": {
    "laptop": {"user": "alice", "ipv4": "100.64.0.1"},
    "desk": {"user": "bob", "ipv4": "100.64.0.3"},
    "tablet": {"user": "carol", "ipv4": "100.64.0.4"},
    "web": {"tags": ["tag:web"], "ipv4": "100.64.0.11"}}})";

std::string Lockout(const std::string& before, const std::string& after,
                    int64_t author) {
  const auto topology = std::make_shared<Topology>(*ParseTopology(kTopology));
  const auto compile = [&](const std::string& src) {
    ParsedPolicy parsed = ParsePolicy(
        R"({"tagOwners": {"tag:web": []}, "acls": [{"action": "accept",
            "src": [)" +
        src + R"(], "dst": ["tag:web:22"]}]})");
    EXPECT_EQ(Describe(parsed.problems), "");
    return Compiled::Make(std::make_shared<Policy>(std::move(parsed.policy)),
                          topology);
  };
  return LockoutOf(*compile(before), *compile(after), *topology,
                   UserId(author));
}

constexpr char kAlice[] = "\"alice@\"";
constexpr char kBob[] = "\"bob@\"";
constexpr char kCarol[] = "\"carol@\"";

TEST(LockoutTest, ProtectsTheAuthor) {
  EXPECT_EQ(Lockout(kAlice, kBob, 1),
            "none of your devices would reach any other device any more (such "
            "as laptop)");
  EXPECT_EQ(Lockout(kAlice, kBob, 2), "");
  EXPECT_EQ(Lockout(kAlice, kAlice, 1), "");
  EXPECT_EQ(Lockout(kBob, kBob, 1), "") << "nothing to lose";
}

TEST(LockoutTest, ProtectsAdministratorsWhenTheAuthorHasNoDevice) {
  EXPECT_EQ(Lockout(kAlice, kCarol, 0),
            "no device of an owner or administrator would reach any other "
            "device any more (such as desk)");
  EXPECT_EQ(Lockout(kAlice, kBob, 4), "") << "one of them still does";
  EXPECT_EQ(Lockout(kCarol, "", 0), "") << "members are no administrators";
}

}  // namespace
}  // namespace warren::policy
