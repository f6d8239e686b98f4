#include "core/engine/why.h"

#include <string>
#include <vector>

#include "core/engine/peer_note.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using path::ProbeKind;

net::Endpoint At(const char* text) { return *net::Endpoint::Parse(text); }

std::vector<uint8_t> Joined(const std::vector<std::vector<uint8_t>>& pieces) {
  std::vector<uint8_t> all;
  for (const auto& piece : pieces) {
    all.insert(all.end(), piece.begin(), piece.end());
  }
  return all;
}

WhyReport Everything() {
  WhyReport report;
  WhyNetwork& network = report.network;
  network.udp = UdpState::kWorks;
  network.nat.translates = true;
  network.nat.mapping = net::Dependence::kAddressAndPortDependent;
  network.nat.filtering = net::Dependence::kAddressDependent;
  network.nat.ports = net::PortAllocation::kSequential;
  network.nat.port_step = -2;
  network.nat.hairpins = false;
  network.mapped_v4 = At("203.0.113.9:41641");
  network.mapped_v6 = At("[2001:db8::9]:41641");
  network.endpoints = {
      {At("203.0.113.9:41641"), EndpointOrigin::kStun},
      {At("192.168.1.5:41641"), EndpointOrigin::kInterface},
      {At("203.0.113.9:5000"), EndpointOrigin::kPortMapped},
  };
  network.udp_port = 41641;
  network.port_map = PortMapState::kMapped;
  network.port_mapped = At("203.0.113.9:5000");
  network.captive_portal = true;
  network.home_relay = RelayId(900);
  network.relay_connected = true;
  report.way.path = {path::PathKind::kRelay,
                     net::Endpoint::Relay(RelayId(900))};
  report.way.rtt = absl::Microseconds(12345);
  report.way.relay = RelayId(901);
  report.way.active = report.way.has_disco_key = report.way.has_session = true;
  report.way.mtu_bytes = 1312;
  report.candidates = {
      {At("198.51.100.1:7"), WhyCandidate::kFromCall, absl::Milliseconds(100),
       absl::ZeroDuration(), absl::Milliseconds(3)},
      {At("10.0.0.1:7"), WhyCandidate::kFromNetmap, {}, {}, {}},
  };
  report.events = {
      {absl::Seconds(9), ProbeKind::kCallSent, {}, absl::ZeroDuration(), 3},
      {absl::Milliseconds(5), ProbeKind::kPongReceived, At("198.51.100.1:7"),
       absl::Milliseconds(3), 0},
  };
  return report;
}

TEST(WhyCodec, BringsBackAllThatWasSaid) {
  const WhyReport report = Everything();
  const auto parsed = ParseWhy(Joined(EncodeWhy(report)));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(*parsed, report);
  EXPECT_EQ(ParseWhy(Joined(EncodeWhy(WhyReport()))), WhyReport());
}

TEST(WhyCodec, FitsItsPiecesWhateverItHolds) {
  WhyReport report = Everything();
  report.network.endpoints.resize(300, report.network.endpoints[0]);
  report.candidates.resize(300, report.candidates[0]);
  report.events.resize(300, report.events[0]);
  const auto pieces = EncodeWhy(report);
  EXPECT_LE(pieces.size(), kMaxWhyPieces);
  for (const auto& piece : pieces) EXPECT_LE(piece.size(), kMaxWhyBytes);
  const auto parsed = ParseWhy(Joined(pieces));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->network.endpoints.size(), WhyReport::kMaxEndpoints);
  EXPECT_EQ(parsed->candidates.size(), WhyReport::kMaxCandidates);
  EXPECT_EQ(parsed->events.size(), WhyReport::kMaxEvents);
}

TEST(WhyCodec, KeepsTheLatestEvents) {
  WhyReport report;
  for (int i = 100; i > 0; --i) {
    report.events.push_back({absl::Seconds(i), ProbeKind::kPingSent,
                             At("1.2.3.4:5"), absl::ZeroDuration(), 0});
  }
  const auto parsed = ParseWhy(Joined(EncodeWhy(report)));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->events.front().ago, absl::Seconds(64));
  EXPECT_EQ(parsed->events.back().ago, absl::Seconds(1));
}

TEST(WhyCodec, CapsAgesThatDoNotFit) {
  WhyReport report;
  report.candidates = {{At("1.2.3.4:5"), 0, absl::Hours(1e6),
                        absl::InfiniteDuration(), absl::Seconds(-1)}};
  const auto parsed = ParseWhy(Joined(EncodeWhy(report)));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_GT(*parsed->candidates[0].ping_ago, absl::Hours(100));
  EXPECT_EQ(parsed->candidates[0].pong_ago, parsed->candidates[0].ping_ago);
  EXPECT_EQ(parsed->candidates[0].rtt, absl::ZeroDuration());
}

TEST(WhyCodec, RefusesEveryTruncation) {
  const std::vector<uint8_t> whole = Joined(EncodeWhy(Everything()));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseWhy(Bytes(whole).first(size)).has_value()) << size;
  }
  std::vector<uint8_t> longer = whole;
  longer.push_back(7);  // what a later version adds
  EXPECT_EQ(ParseWhy(longer), Everything());
}

TEST(WhyCodec, RefusesAnotherVersionAndAValueOutOfRange) {
  std::vector<uint8_t> bytes = Joined(EncodeWhy(Everything()));
  bytes[0] = 2;
  EXPECT_FALSE(ParseWhy(bytes).has_value());
  bytes[0] = 1;
  bytes[1] = 3;  // UdpState
  EXPECT_FALSE(ParseWhy(bytes).has_value());
}

TEST(WhyCodec, LeavesOutEventsItDoesNotKnow) {
  WhyReport report;
  report.events = {
      {absl::ZeroDuration(), static_cast<ProbeKind>(200), {}, {}, 0},
      {absl::ZeroDuration(), ProbeKind::kLinkChanged, {}, {}, 0},
  };
  const auto parsed = ParseWhy(Joined(EncodeWhy(report)));
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->events.size(), 1u);
  EXPECT_EQ(parsed->events[0].kind, ProbeKind::kLinkChanged);
}

TEST(JoinClocks, IsWrongByHalfTheRoundTripAtMost) {
  // Asked 30 ms ago, answered 10 ms ago; made somewhere between.
  const struct Joined joined =
      JoinClocks(absl::Milliseconds(30), absl::Milliseconds(10));
  EXPECT_EQ(joined.ago, absl::Milliseconds(20));
  EXPECT_EQ(joined.error, absl::Milliseconds(10));
}

}  // namespace
}  // namespace warren::engine
