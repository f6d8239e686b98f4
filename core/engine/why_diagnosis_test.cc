#include "core/engine/why_diagnosis.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/engine/why_test_ends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using net::Dependence;
using path::ProbeKind;
using ::testing::HasSubstr;

struct Case {
  const char* name;
  std::function<void(WhyEnd& alice, WhyEnd& bob)> given;
  Verdict verdict;
  Finding cause;
  const char* says;  // the whole clause
  Remedy remedy;
  const char* suggests;  // a part of it
};

constexpr auto kDirect = Verdict::kDirect;
constexpr auto kRelayed = Verdict::kRelayed;
constexpr auto kNoWay = Verdict::kNoWay;
constexpr char kBest[] = "nothing: this is the best way";
constexpr char kBothAreHard[] =
    "both NATs are hard: alice's and bob's each take another port for each "
    "destination, so neither end knows where to ask";
constexpr char kBobIsStock[] =
    "bob runs other software, which does not tell what its network is like";
constexpr char kBobIsHard[] =
    "bob's NAT takes another port for each destination, and alice's lets in "
    "only the ports that it asked";

std::vector<Case> DirectCases() {
  return {
      {"SameLan",
       [](auto& a, auto&) { Direct(a, "192.168.11.100:41641"); },
       kDirect,
       {Cause::kSameLan},
       "alice and bob are in one network",
       Remedy::kNothing,
       kBest},
      {"OverIpv6",
       [](auto& a, auto&) { Direct(a, "[2001:db8::2]:41641"); },
       kDirect,
       {Cause::kOverIpv6},
       "both have IPv6, so there is no NAT between them",
       Remedy::kNothing,
       kBest},
      {"BothEasy",
       [](auto& a, auto&) { Direct(a, "203.0.113.11:111"); },
       kDirect,
       {Cause::kBothEasy},
       "both NATs keep one port for all destinations, so each end knows where "
       "to ask",
       Remedy::kNothing,
       kBest},
      {"PeerIsPublic",
       [](auto& a, auto& b) {
         a.report.network.nat = kHard;
         b.report.network.nat = Public(Dependence::kEndpointIndependent);
         Direct(a, "203.0.113.11:111");
       },
       kDirect,
       {Cause::kPublicAddress, WhySide::kRemote},
       "bob can be reached by everybody at 203.0.113.11:111",
       Remedy::kNothing,
       kBest},
      {"FullConeHelpsAHardNat",
       [](auto& a, auto& b) {
         a.report.network.nat = kCone;
         b.report.network.nat = kHard;
         Direct(a, "203.0.113.11:4444");
       },
       kDirect,
       {Cause::kPublicAddress, WhySide::kLocal},
       "alice can be reached by everybody at 203.0.113.10:110",
       Remedy::kNothing,
       kBest},
  };
}

std::vector<Case> MappedCases() {
  return {
      {"PeersRouterForwards",
       [](auto& a, auto& b) {
         b.report.network.nat = kHard;
         b.report.network.port_map = PortMapState::kMapped;
         b.report.network.port_mapped = At("203.0.113.11:5000");
         Direct(a, "203.0.113.11:5000");
       },
       kDirect,
       {Cause::kPortMapping, WhySide::kRemote},
       "bob's router forwards 203.0.113.11:5000 to it, as it asked",
       Remedy::kNothing,
       kBest},
      {"OwnRouterForwards",
       [](auto& a, auto& b) {
         a.report.network.port_mapped = At("203.0.113.10:5000");
         b.report.network.nat = kHard;
         Direct(a, "203.0.113.11:7777");
         Direct(b, "203.0.113.10:5000");
       },
       kDirect,
       {Cause::kPortMapping, WhySide::kLocal},
       "alice's router forwards 203.0.113.10:5000 to it, as it asked",
       Remedy::kNothing,
       kBest},
      {"PunchedAHardNat",
       [](auto& a, auto& b) {
         b.report.network.nat = kHard;
         Direct(a, "203.0.113.11:7777");
       },
       kDirect,
       {Cause::kPunched, WhySide::kRemote},
       "bob's NAT takes another port for each destination, and probing found "
       "an open one",
       Remedy::kNothing,
       kBest},
      {"StockPeerThatAnswers",
       [](auto& a, auto& b) {
         Direct(a, "203.0.113.11:7777");
         Silence(b, false);
       },
       kDirect,
       {Cause::kBothAsked},
       "bob answered a probe to 203.0.113.11:7777",
       Remedy::kNothing,
       kBest},
  };
}

std::vector<Case> SearchCases() {
  return {
      {"PeerOffline",
       [](auto&, auto& b) {
         Silence(b, true);
         b.online = false;
       },
       kNoWay,
       {Cause::kPeerOffline, WhySide::kRemote},
       "bob is offline: it is not connected to control",
       Remedy::kStartPeer,
       "see that bob is switched on"},
      {"PeerOnlineButDead",
       [](auto& a, auto& b) {
         Silence(b, false);
         a.report.way.has_session = false;
       },
       kNoWay,
       {Cause::kNoAnswerAtAll, WhySide::kRemote},
       "control sees bob online, but nothing of it arrives by any way",
       Remedy::kRestart,
       "`warren status` on bob"},
      {"NoDiscoKey",
       [](auto& a, auto&) { a.report.way.has_disco_key = false; },
       kRelayed,
       {Cause::kNoDiscoKey, WhySide::kRemote},
       "bob has told no key to probe it with",
       Remedy::kRestart,
       "restart warrend"},
      {"NoRelayOfThePeer",
       [](auto& a, auto&) {
         a.report.way.path = {};
         a.report.way.relay = RelayId();
       },
       kNoWay,
       {Cause::kNoRelay, WhySide::kRemote},
       "bob is connected to no relay",
       Remedy::kRelayReach,
       "see that bob reaches a relay by TCP"},
  };
}

std::vector<Case> BlockedCases() {
  return {
      {"CaptivePortal",
       [](auto& a, auto&) {
         Block(a);
         a.report.network.captive_portal = true;
       },
       kRelayed,
       {Cause::kCaptivePortal, WhySide::kLocal},
       "alice's network wants a sign-in first (captive portal)",
       Remedy::kSignIn,
       "open a web page on alice and sign in"},
      {"UdpBlockedHere",
       [](auto& a, auto&) { Block(a); },
       kRelayed,
       {Cause::kUdpBlocked, WhySide::kLocal},
       "alice's network blocks UDP",
       Remedy::kAllowUdp,
       "let UDP out of alice's network from port 41641 to any port"},
      {"UdpBlockedAtBoth",
       [](auto& a, auto& b) {
         Block(a);
         Block(b);
       },
       kRelayed,
       {Cause::kUdpBlocked, WhySide::kBoth},
       "the networks of alice and bob block UDP",
       Remedy::kAllowUdp,
       "let UDP out of the networks of alice and bob to any port"},
      {"NoCandidates",
       [](auto&, auto& b) { b.report.network.endpoints.clear(); },
       kRelayed,
       {Cause::kNoCandidates, WhySide::kRemote},
       "bob has told no address to be reached at",
       Remedy::kRestart,
       "on bob"},
  };
}

std::vector<Case> TimeCases() {
  return {
      {"OwnNetworkChanged",
       [](auto& a, auto&) {
         Tell(a, ProbeKind::kLinkChanged, absl::Seconds(1));
       },
       kRelayed,
       {Cause::kLinkChanged, WhySide::kLocal},
       "alice's network changed a moment ago",
       Remedy::kWait,
       "`warren ping --until-direct bob`"},
      {"PathJustLost",
       [](auto& a, auto&) {
         Tell(a, ProbeKind::kPathLost, absl::Seconds(2), "203.0.113.11:111");
       },
       kRelayed,
       {Cause::kPathLost, WhySide::kBoth},
       "the direct path by 203.0.113.11:111 stopped answering 2 s ago",
       Remedy::kWait,
       "--until-direct"},
      {"JustStarted",
       [](auto& a, auto&) {
         a.report.events.clear();
         Tell(a, ProbeKind::kPingSent, absl::Milliseconds(300), "1.2.3.4:5");
       },
       kRelayed,
       {Cause::kJustStarted, WhySide::kBoth},
       "the search for a direct path has only just begun",
       Remedy::kWait,
       "nothing yet"},
      {"NobodyWantsIt",
       [](auto& a, auto&) { a.report.events.clear(); },
       kRelayed,
       {Cause::kNotWanted, WhySide::kBoth},
       "nothing was sent to bob lately, so no direct path was looked for",
       Remedy::kUseIt,
       "`warren ping --until-direct bob`"},
  };
}

std::vector<Case> NatCases() {
  return {
      {"BothHard",
       [](auto& a, auto& b) {
         a.report.network.nat = b.report.network.nat = kHard;
       },
       kRelayed,
       {Cause::kBothHard, WhySide::kBoth},
       kBothAreHard,
       Remedy::kMapPort,
       "enable UPnP or NAT-PMP on alice's router, or forward UDP port 41641 "
       "to 192.168.10.100 there"},
      {"BothHardAndAliceBehindTwoRouters",
       [](auto& a, auto& b) {
         a.report.network.nat = b.report.network.nat = kHard;
         a.report.network.port_mapped = At("10.0.0.2:5000");
       },
       kRelayed,
       {Cause::kBothHard, WhySide::kBoth},
       kBothAreHard,
       Remedy::kMapPort,
       "on bob's router"},
      {"HardHere",
       [](auto& a, auto&) { a.report.network.nat = kHard; },
       kRelayed,
       {Cause::kHardAndStrict, WhySide::kLocal},
       "alice's NAT takes another port for each destination, and bob's lets in "
       "only the ports that it asked",
       Remedy::kMapPort,
       "alice's router"},
      {"HardThere",
       [](auto&, auto& b) { b.report.network.nat = kHard; },
       kRelayed,
       {Cause::kHardAndStrict, WhySide::kRemote},
       kBobIsHard,
       Remedy::kMapPort,
       "enable UPnP or NAT-PMP on bob's router, or forward UDP port 41641 to "
       "192.168.11.100 there"},
  };
}

std::vector<Case> PunchCases() {
  return {
      {"HardThereWhilePunching",
       [](auto& a, auto& b) {
         b.report.network.nat = kHard;
         Tell(a, ProbeKind::kPunchStarted, absl::Seconds(1), "", 1024);
       },
       kRelayed,
       {Cause::kHardAndStrict, WhySide::kRemote},
       kBobIsHard,
       Remedy::kWait,
       "--until-direct"},
      {"HardThereBeforePunching",
       [](auto& a, auto& b) {
         b.report.network.nat = kHard;
         a.report.events.clear();
         Tell(a, ProbeKind::kCallSent, absl::Seconds(3), "", 2);
       },
       kRelayed,
       {Cause::kHardAndStrict, WhySide::kRemote},
       kBobIsHard,
       Remedy::kWait,
       "--until-direct"},
      {"HardThereRefusingToMap",
       [](auto&, auto& b) {
         b.report.network.nat = kHard;
         b.report.network.port_map = PortMapState::kFailed;
       },
       kRelayed,
       {Cause::kHardAndStrict, WhySide::kRemote},
       kBobIsHard,
       Remedy::kMapPort,
       "on alice's router"},
      {"HardBehindTwoRoutersTwice",
       [](auto& a, auto& b) {
         a.report.network.port_mapped = At("100.64.0.2:5000");
         b.report.network.nat = kHard;
         b.report.network.port_mapped = At("10.0.0.2:5000");
       },
       kRelayed,
       {Cause::kHardAndStrict, WhySide::kRemote},
       kBobIsHard,
       Remedy::kForwardOuter,
       "forward UDP port 41641 to 192.168.11.100 on both routers of bob"},
      {"HardAndPublicBehindAFirewall",
       [](auto& a, auto& b) {
         a.report.network.nat = kHard;
         b.report.network.nat = Public(Dependence::kAddressAndPortDependent);
       },
       kRelayed,
       {Cause::kHardAndFirewall, WhySide::kLocal},
       "alice's NAT takes another port for each destination, and the firewall "
       "of bob, which has a public address, lets in only what it asked",
       Remedy::kOpenFirewall,
       "let UDP port 41641 in at the firewall of bob"},
  };
}

std::vector<Case> OneAddressCases() {
  return {
      {"IsolatedLan",
       [](auto& a, auto& b) {
         BehindOneAddress(a, b);
         b.report.network.endpoints.push_back(
             {At("192.168.10.101:41641"), EndpointOrigin::kInterface});
       },
       kRelayed,
       {Cause::kIsolatedLan, WhySide::kBoth},
       "alice and bob are in one network (192.168.10.0/24) that passes nothing "
       "between its stations",
       Remedy::kAllowStations,
       "turn off client isolation"},
      {"NoHairpin",
       [](auto& a, auto& b) {
         BehindOneAddress(a, b);
         a.report.network.nat.hairpins = false;
       },
       kRelayed,
       {Cause::kNoHairpin, WhySide::kBoth},
       "both are behind one address (203.0.113.10), whose router turns nothing "
       "back to its own side",
       Remedy::kHairpin,
       "at the router (203.0.113.10)"},
  };
}

std::vector<Case> LostCases() {
  return {
      {"FirewallAtAPublicHost",
       [](auto&, auto& b) {
         b.report.network.nat = Public(Dependence::kUnknown);
       },
       kRelayed,
       {Cause::kFirewall, WhySide::kRemote},
       "bob has the public address 203.0.113.11:111, yet nothing of alice "
       "arrives "
       "at UDP port 41641 there: a firewall drops it",
       Remedy::kOpenFirewall,
       "let UDP port 41641 in at the firewall of bob"},
      {"FirewallHere",
       [](auto& a, auto& b) {
         a.report.network.nat = Public(Dependence::kUnknown);
         Hear(b);
       },
       kRelayed,
       {Cause::kFirewall, WhySide::kLocal},
       "alice has the public address 203.0.113.10:110, yet nothing of bob "
       "arrives "
       "at UDP port 41641 there: a firewall drops it",
       Remedy::kOpenFirewall,
       "at the firewall of alice"},
      {"OneWayOnly",
       [](auto& a, auto&) { Hear(a); },
       kRelayed,
       {Cause::kOneWay, WhySide::kRemote},
       "packets of alice do not reach bob by UDP, though bob's reach alice: a "
       "firewall drops them",
       Remedy::kOpenFirewall,
       "at the firewall of bob"},
      {"NothingPassesBetweenEasyNats",
       [](auto&, auto&) {},
       kRelayed,
       {Cause::kNothingPasses, WhySide::kBoth},
       "alice and bob ask each other, and nothing arrives: something between "
       "drops UDP",
       Remedy::kMapPort,
       "alice's router"},
      {"StockPeer",
       [](auto&, auto& b) { Silence(b, false); },
       kRelayed,
       {Cause::kStockPeer, WhySide::kRemote},
       kBobIsStock,
       Remedy::kInstallNative,
       "run Warren on bob too"},
      {"StockPeerAndHardHere",
       [](auto& a, auto& b) {
         a.report.network.nat = kHard;
         Silence(b, false);
       },
       kRelayed,
       {Cause::kStockPeer, WhySide::kRemote},
       kBobIsStock,
       Remedy::kMapPort,
       "on alice's router"},
      {"SilentPeerToldItsNatBefore",
       [](auto&, auto& b) {
         b.report.network.nat = kHard;
         Silence(b, true);
       },
       kRelayed,
       {Cause::kHardAndStrict, WhySide::kRemote},
       kBobIsHard,
       Remedy::kMapPort,
       "on bob's router"},
  };
}

class DiagnoseTest : public ::testing::TestWithParam<Case> {};

TEST_P(DiagnoseTest, NamesTheCauseAndOneRemedy) {
  WhyEnd alice = End("alice", 10), bob = End("bob", 11);
  GetParam().given(alice, bob);
  const Diagnosis diagnosis = Diagnose(alice, bob);
  EXPECT_EQ(diagnosis.verdict, GetParam().verdict);
  EXPECT_EQ(diagnosis.cause, GetParam().cause) << CodeOf(diagnosis.cause.cause);
  EXPECT_EQ(TextOf(diagnosis.cause, alice, bob), GetParam().says);
  EXPECT_EQ(diagnosis.remedy, GetParam().remedy) << CodeOf(diagnosis.remedy);
  EXPECT_THAT(SuggestionOf(diagnosis, alice, bob),
              HasSubstr(GetParam().suggests));
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}
std::vector<Case> AllCases() {
  std::vector<Case> all;
  for (const auto& group : {DirectCases(), MappedCases(), SearchCases(),
                            BlockedCases(), TimeCases(), NatCases(),
                            PunchCases(), OneAddressCases(), LostCases()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(, DiagnoseTest, ::testing::ValuesIn(AllCases()),
                         NameOf);

TEST(Diagnose, BlamesTheSameWhoeverAsks) {
  for (const Case& c : AllCases()) {
    WhyEnd alice = End("alice", 10), bob = End("bob", 11);
    c.given(alice, bob);
    if (!bob.answered || c.cause.cause < Cause::kIsolatedLan) continue;
    const Diagnosis there = Diagnose(bob, alice);
    EXPECT_EQ(there.cause.cause, c.cause.cause) << c.name;
  }
}

}  // namespace
}  // namespace warren::engine
