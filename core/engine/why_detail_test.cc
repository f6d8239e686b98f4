#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/engine/why_diagnosis.h"
#include "core/engine/why_test_ends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using net::Dependence;
using path::ProbeKind;

// ---- What adds to the cause. ----

struct DetailCase {
  const char* name;
  std::function<void(WhyEnd& alice, WhyEnd& bob)> given;
  Finding detail;
  const char* says;
};

std::vector<DetailCase> DetailCases() {
  return {
      {"HardBesideABlockedOne",
       [](auto& a, auto& b) {
         Block(a);
         b.report.network.nat = kHard;
       },
       {Cause::kHardNat, WhySide::kRemote},
       "bob's NAT takes another port for each destination"},
      {"RouterSpeaksNothing",
       [](auto&, auto& b) {
         b.report.network.nat = kHard;
         b.report.network.port_map = PortMapState::kAbsent;
       },
       {Cause::kPortMapAbsent, WhySide::kRemote},
       "bob's router speaks neither UPnP, NAT-PMP nor PCP"},
      {"RouterRefuses",
       [](auto& a, auto&) {
         a.report.network.nat = kHard;
         a.report.network.port_map = PortMapState::kFailed;
       },
       {Cause::kPortMapFailed, WhySide::kLocal},
       "alice's router refused to forward a port"},
      {"RouterBehindARouter",
       [](auto& a, auto&) {
         a.report.network.nat = kHard;
         a.report.network.port_mapped = At("10.0.0.2:5000");
       },
       {Cause::kDoubleNat, WhySide::kLocal},
       "alice's router is behind a NAT itself: its address is 10.0.0.2, the "
       "internet sees 203.0.113.10"},
      {"Ipv6OnOneSide",
       [](auto& a, auto&) {
         a.report.network.endpoints.push_back(
             {At("[2001:db8::1]:41641"), EndpointOrigin::kInterface});
       },
       {Cause::kNoIpv6, WhySide::kRemote},
       "bob has no IPv6; alice has"},
      {"PunchedInVain",
       [](auto& a, auto& b) {
         b.report.network.nat = kHard;
         Tell(a, ProbeKind::kPunchStarted, absl::Seconds(8), "", 1024);
         Tell(a, ProbeKind::kPunchEnded, absl::Seconds(4), "", 900);
       },
       {Cause::kPunchFailed, WhySide::kBoth},
       "ports were probed, and none was found open (900 probes)"},
      {"PunchingNow",
       [](auto&, auto& b) {
         b.report.network.nat = kHard;
         Tell(b, ProbeKind::kPunchStarted, absl::Seconds(1), "", 1024);
       },
       {Cause::kPunching, WhySide::kBoth},
       "ports are being probed now (1024 probes)"},
      {"SmallMtu",
       [](auto& a, auto&) {
         Direct(a, "203.0.113.11:111");
         a.report.way.mtu_bytes = 1200;
       },
       {Cause::kSmallMtu, WhySide::kBoth},
       "the path carries no datagrams above 1200 bytes"},
      {"NoAnswerFromANativePeer",
       [](auto&, auto& b) { Silence(b, true); },
       {Cause::kPeerSilent, WhySide::kRemote},
       "bob did not answer within 3 s, so this is one end's view only"},
      {"NatOfAnEndUnknown",
       [](auto& a, auto&) { a.report.network.nat = {}; },
       {Cause::kNatUnknown, WhySide::kLocal},
       "what alice's NAT is like is not known"},
  };
}

class DetailTest : public ::testing::TestWithParam<DetailCase> {};

TEST_P(DetailTest, IsTold) {
  WhyEnd alice = End("alice", 10), bob = End("bob", 11);
  GetParam().given(alice, bob);
  const Diagnosis diagnosis = Diagnose(alice, bob);
  EXPECT_THAT(diagnosis.details, ::testing::Contains(GetParam().detail));
  EXPECT_EQ(TextOf(GetParam().detail, alice, bob), GetParam().says);
}

INSTANTIATE_TEST_SUITE_P(, DetailTest, ::testing::ValuesIn(DetailCases()),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

TEST(Diagnose, FollowsThePhysicsOfEveryPairOfNats) {
  const net::NatBehavior all[] = {kCone, kRestricted, kEasy, kHard};
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      WhyEnd alice = End("alice", 10), bob = End("bob", 11);
      alice.report.network.nat = all[i];
      bob.report.network.nat = all[j];
      const Cause cause = Diagnose(alice, bob).cause.cause;
      // A hard NAT passes to those that let in every port of an address.
      const bool forbidden = (i == 3 && j >= 2) || (j == 3 && i >= 2);
      EXPECT_EQ(cause == Cause::kBothHard || cause == Cause::kHardAndStrict,
                forbidden)
          << i << " with " << j << ": " << CodeOf(cause);
    }
  }
}

TEST(Codes, AreEachTheirOwn) {
  std::set<std::string> codes;
  for (int i = 0; i <= static_cast<int>(Cause::kNatUnknown); ++i) {
    codes.insert(CodeOf(static_cast<Cause>(i)));
  }
  EXPECT_EQ(codes.size(), static_cast<size_t>(Cause::kNatUnknown) + 1);
  EXPECT_STREQ(CodeOf(Cause::kNatUnknown), "nat_unknown");
  EXPECT_STREQ(CodeOf(Remedy::kInstallNative), "install_native");
}

TEST(NatText, FitsAColumn) {
  WhyNetwork network;
  EXPECT_EQ(NatTextOf(network), "unknown");
  network.nat = kHard;
  EXPECT_EQ(NatTextOf(network), "hard: a port for each destination");
  network.nat.ports = net::PortAllocation::kSequential;
  EXPECT_EQ(NatTextOf(network), "hard: a port for each, in sequence");
  network.nat = kCone;
  EXPECT_EQ(NatTextOf(network), "easy: one port for all");
  network.nat = Public(Dependence::kUnknown);
  EXPECT_EQ(NatTextOf(network), "none");
  network.udp = UdpState::kBlocked;
  EXPECT_EQ(NatTextOf(network), "UDP blocked");
}

}  // namespace
}  // namespace warren::engine
