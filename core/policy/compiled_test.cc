// What a policy means for single nodes, in the words of a person: who is
// whose peer, what a filter says, which routes are shown.

#include "core/policy/compiled.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/policy/policy_text.h"
#include "core/policy/topology_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// A tailnet of four people, one of them a guest, and some machines.
constexpr char kTailnet[] = R"({
  "users": [
    {"name": "ann", "email": "ann@lab.test", "role": "owner"},
    {"name": "bob", "email": "bob@lab.test", "role": "admin",
     "groups": ["night-shift"]},
    {"name": "cid", "email": "cid@else.test", "role": "member"},
    {"name": "guest", "email": "guest@far.test", "guest": true}],
  "nodes": {
    "desk":  {"user": "ann", "ipv4": "100.70.0.1", "ipv6": "fd7a:115c:a1e0::1",
              "attributes": {"node:os": "linux", "node:tsVersion": "1.60.1"}},
    "phone": {"user": "ann", "ipv4": "100.70.0.2", "ipv6": "fd7a:115c:a1e0::2",
              "attributes": {"node:os": "iOS"}},
    "sofa":  {"user": "bob", "ipv4": "100.70.0.3", "ipv6": "fd7a:115c:a1e0::3"},
    "old":   {"user": "cid", "ipv4": "100.70.0.4"},
    "tab":   {"user": "guest", "ipv4": "100.90.0.1"},
    "db":    {"tags": ["tag:db"], "ipv4": "100.70.1.1",
              "ipv6": "fd7a:115c:a1e0::11", "shared_to": ["guest"]},
    "east":  {"tags": ["tag:gw", "tag:east"], "ipv4": "100.70.1.2",
              "routable_ips": ["10.8.0.0/16"],
              "approved_routes": ["10.8.0.0/16"]},
    "west":  {"tags": ["tag:gw", "tag:west"], "ipv4": "100.70.1.3",
              "routable_ips": ["10.8.0.0/16", "10.9.0.0/16"],
              "approved_routes": ["10.8.0.0/16"]},
    "exit":  {"tags": ["tag:exit"], "ipv4": "100.70.1.4",
              "routable_ips": ["0.0.0.0/0", "::/0"],
              "approved_routes": ["0.0.0.0/0", "::/0"]}
  }
})";

// A policy on that tailnet, asked by names.
class World {
 public:
  explicit World(const std::string& policy) {
    auto topology = ParseTopology(kTailnet);
    EXPECT_TRUE(topology.ok()) << topology.status();
    topology_ = std::make_shared<const Topology>(*std::move(topology));
    auto parsed = ParsePolicy(policy);
    EXPECT_TRUE(parsed.ok()) << Describe(parsed.problems);
    compiled_ = Compiled::Make(
        std::make_shared<const Policy>(std::move(parsed.policy)), topology_);
  }

  NodeId Id(const std::string& name) const {
    for (const Node& node : topology_->nodes) {
      if (node.name == name) return node.id;
    }
    ADD_FAILURE() << "no node " << name;
    return NodeId();
  }
  uint64_t Fingerprint(const std::string& name) const {
    return compiled_->Fingerprint(Id(name));
  }
  NodeView View(const std::string& name) const {
    return compiled_->View(Id(name));
  }
  std::vector<std::string> Peers(const std::string& name) const {
    std::vector<std::string> names;
    for (const PeerView& peer : View(name).peers) names.push_back(Name(peer));
    return names;
  }
  // "SOURCES -> ADDRESS:FIRST-LAST" of each destination; protocols after it.
  std::vector<std::string> Filter(const std::string& name) const {
    std::vector<std::string> lines;
    for (const FilterRule& rule : View(name).filter) {
      for (const FilterDestination& to : rule.destinations) {
        lines.push_back(absl::StrCat(Sources(rule), " -> ", to.address.text,
                                     ":", to.first_port, "-", to.last_port,
                                     rule.protocols.empty() ? "" : "/",
                                     absl::StrJoin(rule.protocols, ",")));
      }
    }
    return lines;
  }
  // "SOURCES has CAPABILITY at ADDRESSES".
  std::vector<std::string> Grants(const std::string& name) const {
    std::vector<std::string> lines;
    for (const FilterRule& rule : View(name).filter) {
      for (const CapGrant& grant : rule.cap_grants) {
        for (const auto& [capability, values] : grant.capabilities) {
          std::vector<std::string> at;
          for (const auto& to : grant.destinations) at.push_back(to.ToString());
          lines.push_back(absl::StrCat(Sources(rule), " has ", capability,
                                       absl::StrJoin(values, ","), " at ",
                                       absl::StrJoin(at, " ")));
        }
      }
    }
    return lines;
  }
  // "PEER ROUTE" of each route shown; "*" where it is primary.
  std::vector<std::string> Routes(const std::string& name) const {
    std::vector<std::string> lines;
    for (const PeerView& peer : View(name).peers) {
      for (const net::IpPrefix& route : peer.routes) {
        const bool primary = std::ranges::count(peer.primary_routes, route) > 0;
        lines.push_back(absl::StrCat(Name(peer), " ", route.ToString(),
                                     primary ? " *" : ""));
      }
    }
    return lines;
  }
  const Compiled& compiled() const { return *compiled_; }

 private:
  std::string Name(const PeerView& peer) const {
    for (const Node& node : topology_->nodes) {
      if (node.id == peer.id) return node.name;
    }
    return "?";
  }
  static std::string Sources(const FilterRule& rule) {
    std::vector<std::string> texts;
    for (const AddressText& text : *rule.sources) texts.push_back(text.text);
    return absl::StrJoin(texts, " ");
  }

  std::shared_ptr<const Topology> topology_;
  std::shared_ptr<const Compiled> compiled_;
};

// An ACL: SRC to DST, both as JSON lists.
std::string Acl(const std::string& src, const std::string& dst,
                const std::string& more = "") {
  return absl::StrCat(
      R"({"tagOwners": {"tag:db": [], "tag:gw": [], "tag:east": [],
          "tag:west": [], "tag:exit": []}, )",
      more, R"( "acls": [{"action": "accept", "src": )", src, R"(, "dst": )",
      dst, "}]}");
}
std::string Grant(const std::string& body, const std::string& more = "") {
  return absl::StrCat(
      R"({"tagOwners": {"tag:db": [], "tag:gw": [], "tag:east": [],
          "tag:west": [], "tag:exit": []}, )",
      more, R"( "grants": [)", body, "]}");
}

constexpr char kFromAnn[] =
    "100.70.0.1 100.70.0.2 fd7a:115c:a1e0::1 "
    "fd7a:115c:a1e0::2 -> ";

TEST(Compiled, WithoutRulesAllIsAllowed) {
  const World world("{}");
  EXPECT_THAT(world.Peers("desk"), ElementsAre("db", "east", "exit", "old",
                                               "phone", "sofa", "west"));
  EXPECT_THAT(world.Filter("db"),
              ElementsAre("10.8.0.0/16 100.115.94.0-100.127.255.255 "
                          "100.64.0.0-100.115.91.255 fd7a:115c:a1e0::/48 "
                          "-> *:0-65535"));
}

TEST(Compiled, WithEmptyRulesNothingIs) {
  const World world(R"({"acls": []})");
  EXPECT_THAT(world.Peers("desk"), IsEmpty());
  EXPECT_THAT(world.View("desk").filter, IsEmpty());
}

TEST(Compiled, OneIsToldOfPeersOnlyWhenEitherMayReachTheOther) {
  const World world(Acl(R"(["ann@lab.test"])", R"(["tag:db:5432"])"));
  EXPECT_THAT(world.Peers("desk"), ElementsAre("db"));
  EXPECT_THAT(world.Peers("db"), ElementsAre("desk", "phone"));
  EXPECT_THAT(world.Peers("sofa"), IsEmpty());
  EXPECT_THAT(
      world.Filter("db"),
      ElementsAre(absl::StrCat(kFromAnn, "100.70.1.1:5432-5432"),
                  absl::StrCat(kFromAnn, "fd7a:115c:a1e0::11:5432-5432")));
  EXPECT_THAT(world.View("desk").filter, IsEmpty());
}

struct Sources {
  const char* name;
  const char* src;                 // one selector
  const char* more;                // other sections
  std::vector<std::string> peers;  // of db, which all may reach
};

TEST(Compiled, SelectorsMeanTheseDevices) {
  const std::vector<Sources> rows = {
      {"User", "bob@lab.test", "", {"sofa"}},
      {"UserInOtherCase", "BOB@Lab.test", "", {"sofa"}},
      {"Domain", "user:*@lab.test", "", {"desk", "phone", "sofa"}},
      {"Group",
       "group:g",
       R"("groups": {"group:g": ["cid@else.test"]},)",
       {"old"}},
      {"GroupInGroup",
       "group:g",
       R"("groups": {"group:g": ["group:h"], "group:h": ["bob@lab.test"]},)",
       {"sofa"}},
      {"GroupOfProvider",
       "group:night-shift",
       R"("groups": {"group:night-shift": ["cid@else.test"]},)",
       {"old", "sofa"}},
      {"Owner", "autogroup:owner", "", {"desk", "phone"}},
      {"AdminsAndTheOwner", "autogroup:admin", "", {"desk", "phone", "sofa"}},
      {"Members", "autogroup:members", "", {"desk", "old", "phone", "sofa"}},
      {"Tagged", "autogroup:tagged", "", {"east", "exit", "west"}},
      {"Tag", "tag:gw", "", {"east", "west"}},
      {"Host", "h", R"("hosts": {"h": "100.70.0.3"},)", {"sofa"}},
      {"Prefix", "100.70.0.0/30", "", {"desk", "phone", "sofa"}},
      {"Ipset",
       "ipset:s",
       R"("ipsets": {"ipset:s": ["100.70.0.0/29", "remove 100.70.0.2"]},)",
       {"desk", "old", "sofa"}},
      {"SubnetOfRouters", "10.8.3.0/24", "", {"east", "west"}},
      {"DangerAll",
       "autogroup:danger-all",
       "",
       {"desk", "east", "exit", "old", "phone", "sofa", "tab", "west"}},
      {"Shared", "autogroup:shared", "", {"tab"}},
      {"EmptyGroup", "group:e", R"("groups": {"group:e": []},)", {}},
  };
  for (const Sources& row : rows) {
    SCOPED_TRACE(row.name);
    const World world(
        Acl(absl::StrCat("[\"", row.src, "\"]"), R"(["tag:db:*"])", row.more));
    EXPECT_EQ(world.Peers("db"), row.peers);
  }
}

TEST(Compiled, SelfIsBetweenDevicesOfOneUser) {
  const World world(Acl(R"(["autogroup:member"])", R"(["autogroup:self:22"])"));
  EXPECT_THAT(world.Peers("desk"), ElementsAre("phone"));
  EXPECT_THAT(world.Peers("sofa"), IsEmpty());
  EXPECT_THAT(world.Peers("db"), IsEmpty());
}

TEST(Compiled, RulesWithTheSameSourcesAndProtocolsAreOne) {
  const World world(Grant(R"({"src": ["sofa"], "dst": ["tag:db"],
                              "ip": ["tcp:80", "udp:53", "tcp:443"]},
                             {"src": ["100.70.0.3"], "dst": ["*"],
                              "ip": ["tcp:22"]})",
                          R"("hosts": {"sofa": "100.70.0.3"},)"));
  ASSERT_EQ(world.View("db").filter.size(), 2u);
  EXPECT_THAT(world.Filter("db"),
              ElementsAre("100.70.0.3 -> 100.70.1.1:80-80/6",
                          "100.70.0.3 -> 100.70.1.1:443-443/6",
                          "100.70.0.3 -> fd7a:115c:a1e0::11:80-80/6",
                          "100.70.0.3 -> fd7a:115c:a1e0::11:443-443/6",
                          "100.70.0.3 -> *:22-22/6",
                          "100.70.0.3 -> 100.70.1.1:53-53/17",
                          "100.70.0.3 -> fd7a:115c:a1e0::11:53-53/17"));
}

TEST(Compiled, APostureLeavesOutDevicesThatDoNotMeetIt) {
  const World world(Acl(R"(["ann@lab.test"])", R"(["tag:db:22"])",
                        R"("postures": {"posture:p": ["node:os == 'linux'",
                                    "node:tsVersion >= '1.60'"]},
         "defaultSrcPosture": ["posture:p"],)"));
  EXPECT_THAT(world.Peers("db"), ElementsAre("desk"));
}

TEST(Compiled, OfTwoRoutersThePrimaryAloneIsShownTheRoute) {
  const World world(Acl(R"(["ann@lab.test"])", R"(["10.8.1.0/24:443"])"));
  EXPECT_THAT(world.Peers("desk"), ElementsAre("east", "west"));
  EXPECT_THAT(world.Routes("desk"), ElementsAre("east 10.8.0.0/16 *"));
  EXPECT_THAT(world.Filter("west"),  // It takes over at any time.
              ElementsAre(absl::StrCat(kFromAnn, "10.8.1.0/24:443-443")));
  EXPECT_EQ(world.View("west").routes.size(), 1u);  // 10.9 is not approved.
  EXPECT_THAT(world.View("west").primary_routes, IsEmpty());
}

TEST(Compiled, AnApproverOfAWiderPrefixApproves) {
  const World world(Acl(R"(["*"])", R"(["10.9.0.0/16:*"])",
                        R"("autoApprovers": {"routes":
                            {"10.0.0.0/8": ["tag:west"]}},)"));
  EXPECT_THAT(world.Routes("sofa"), ElementsAre("west 10.9.0.0/16 *"));
}

TEST(Compiled, ViaLeadsThroughTheNamedRouterAlone) {
  const World world(Grant(R"({"src": ["ann@lab.test"], "dst": ["10.8.0.0/16"],
                              "ip": ["*"], "via": ["tag:west"]})"));
  EXPECT_THAT(world.Routes("desk"), ElementsAre("west 10.8.0.0/16 *"));
  EXPECT_THAT(world.Filter("east"), IsEmpty());
}

TEST(Compiled, ThePrimaryServesWhereAnotherRuleLeadsToo) {
  const World world(Grant(R"({"src": ["ann@lab.test"], "dst": ["10.8.0.0/16"],
                              "ip": ["*"], "via": ["tag:west"]},
                             {"src": ["ann@lab.test"], "dst": ["10.8.0.0/16"],
                              "ip": ["22"]})"));
  EXPECT_THAT(world.Routes("desk"), ElementsAre("east 10.8.0.0/16 *"));
}

TEST(Compiled, TheInternetIsReachedByExitNodes) {
  const World world(Acl(R"(["ann@lab.test"])", R"(["autogroup:internet:*"])"));
  EXPECT_THAT(world.Routes("desk"), ElementsAre("exit 0.0.0.0/0", "exit ::/0"));
  EXPECT_EQ(world.Filter("exit").size(), 7u);
  EXPECT_THAT(world.Peers("sofa"), IsEmpty());
}

TEST(Compiled, AGuestSeesWhatIsSharedWithThemAndNothingElse) {
  const World world(Acl(R"(["*"])", R"(["*:*"])"));
  EXPECT_THAT(world.Peers("tab"), ElementsAre("db"));
  EXPECT_THAT(world.View("tab").filter, IsEmpty());
  EXPECT_THAT(world.Routes("tab"), IsEmpty());
  const World closed(Acl(R"(["autogroup:shared"])", R"(["tag:gw:22"])"));
  EXPECT_THAT(closed.Peers("tab"), IsEmpty());
  const World open(Acl(R"(["autogroup:shared"])", R"(["tag:db:22"])"));
  EXPECT_THAT(open.Filter("db"),
              ElementsAre("100.90.0.1 -> 100.70.1.1:22-22",
                          "100.90.0.1 -> fd7a:115c:a1e0::11:22-22"));
  EXPECT_THAT(open.Peers("tab"), ElementsAre("db"));
  EXPECT_NE(open.Fingerprint("tab"), closed.Fingerprint("tab"));
}

TEST(Compiled, ACapabilityIsToldWhereItIsUsedAndItsCompanionTheOtherWay) {
  const World world(Grant(
      R"({"src": ["bob@lab.test"], "dst": ["tag:db"],
          "app": {"tailscale.com/cap/relay": [], "lab.test/cap/x": [7]}})"));
  EXPECT_THAT(world.Grants("db"),
              ElementsAre("100.70.0.3 fd7a:115c:a1e0::3 has lab.test/cap/x7 at "
                          "100.70.1.1/32 fd7a:115c:a1e0::11/128",
                          "100.70.0.3 fd7a:115c:a1e0::3 has "
                          "tailscale.com/cap/relay at "
                          "100.70.1.1/32 fd7a:115c:a1e0::11/128"));
  EXPECT_THAT(world.Grants("sofa"),
              ElementsAre("100.70.1.1 fd7a:115c:a1e0::11 has "
                          "tailscale.com/cap/relay-target at "
                          "100.70.0.3/32 fd7a:115c:a1e0::3/128"));
  EXPECT_THAT(world.Filter("db"), IsEmpty());
  EXPECT_THAT(world.Peers("sofa"), ElementsAre("db"));
}

TEST(Compiled, AttributesAddUp) {
  const World world(R"({
    "tagOwners": {"tag:db": []}, "randomizeClientPort": true,
    "OneCGNATRoute": "mac-never", "hosts": {"desk-v4": "100.70.0.1"},
    "nodeAttrs": [
      {"target": ["tag:db"], "attr": ["disable-ipv4", "nextdns:abc"]},
      {"target": ["desk-v4"], "attr": ["funnel"]},
      {"target": ["*"], "attr": ["nextdns:abc"],
       "app": {"lab.test/cap/y": [{"a": 1}]}}]})");
  const NodeView db = world.View("db");
  EXPECT_TRUE(db.hide_ipv4);
  const NodeView desk = world.View("desk");
  EXPECT_FALSE(desk.hide_ipv4);
  ASSERT_FALSE(desk.peers.empty());
  for (const PeerView& peer : desk.peers) {
    EXPECT_EQ(peer.hide_ipv4, peer.id == world.Id("db")) << peer.id.value();
  }
  EXPECT_TRUE(desk.cap_map.contains("funnel"));
  EXPECT_TRUE(desk.cap_map.contains(
      "https://tailscale.com/cap/funnel-ports?ports=443,8443,10000"));
  EXPECT_THAT(db.cap_map,
              UnorderedElementsAre(
                  ::testing::Pair("disable-ipv4", IsEmpty()),
                  ::testing::Pair("nextdns:abc", IsEmpty()),
                  ::testing::Pair("one-cgnat?v=false", IsEmpty()),
                  ::testing::Pair("randomize-client-port", IsEmpty()),
                  ::testing::Pair("lab.test/cap/y", ElementsAre("{\"a\":1}"))));
}

TEST(Compiled, ANodeThatIsNotThereHasNothing) {
  const World world("{}");
  EXPECT_EQ(world.compiled().View(NodeId(99)), NodeView());
  EXPECT_THAT(world.compiled().PeersOf(NodeId(99)), IsEmpty());
  EXPECT_EQ(world.compiled().Fingerprint(NodeId(99)), 0u);
}

TEST(Compiled, AChangeTouchesThoseWhomItConcerns) {
  const World before(Acl(R"(["ann@lab.test"])", R"(["tag:db:22"])"));
  const World after(Acl(R"(["ann@lab.test"])", R"(["tag:db:23"])"));
  EXPECT_THAT(Changed(before.compiled(), before.compiled()), IsEmpty());
  // Who connects sees the same peers as before.
  EXPECT_THAT(Changed(before.compiled(), after.compiled()),
              ElementsAre(before.Id("db")));
}

}  // namespace
}  // namespace warren::policy
