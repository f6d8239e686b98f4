#include "core/filter/filter.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::filter {
namespace {

const Instant kNow = Instant::FromEpoch(absl::Seconds(1));

net::IpAddress Ip(const char* text) { return *net::IpAddress::Parse(text); }
net::IpPrefix Net(const char* text) { return *net::IpPrefix::Parse(text); }

net::IpPacket Packet(uint8_t protocol, const char* source, uint16_t source_port,
                     const char* destination, uint16_t destination_port) {
  net::IpPacket p;
  p.protocol = protocol;
  p.source = Ip(source);
  p.destination = Ip(destination);
  p.source_port = source_port;
  p.destination_port = destination_port;
  return p;
}

// The policy under test; we are 100.64.0.9 and fd7a:115c:a1e0::9.
//   100.64.0.1       -> us, TCP 5432-5433
//   100.64.0.0/24    -> us, default protocols, port 53
//   100.64.0.2       -> us, GRE (47), all ports
//   100.64.0.2       -> us, protocol 50, port 7 only (a rule that cannot match)
//   *                -> us by IPv6, default protocols, all ports
Filter FilterUnderTest() {
  const auto any = AnyAddress();
  const std::vector<Rule> rules = {
      {{kTcp}, {Net("100.64.0.1/32")}, {{Net("100.64.0.9/32"), 5432, 5433}}},
      {{}, {Net("100.64.0.0/24")}, {{Net("100.64.0.9/32"), 53, 53}}},
      {{47}, {Net("100.64.0.2/32")}, {{Net("100.64.0.9/32")}}},
      {{50}, {Net("100.64.0.2/32")}, {{Net("100.64.0.9/32"), 7, 7}}},
      {{}, {any.begin(), any.end()}, {{Net("fd7a:115c:a1e0::9/128")}}},
  };
  Filter filter;
  filter.Compile(
      rules, std::vector{Net("100.64.0.9/32"), Net("fd7a:115c:a1e0::9/128")});
  return filter;
}

struct Case {
  const char* name;
  uint8_t protocol;
  const char* source;
  const char* destination;
  uint16_t port;
  uint8_t detail;  // TCP flags or ICMP type
  Verdict want;
};

class CheckInbound : public ::testing::TestWithParam<Case> {};

TEST_P(CheckInbound, Decides) {
  const Case& c = GetParam();
  Filter filter = FilterUnderTest();
  net::IpPacket p = Packet(c.protocol, c.source, 40000, c.destination, c.port);
  (c.protocol == kTcp ? p.tcp_flags : p.icmp_type) = c.detail;
  EXPECT_EQ(filter.CheckInbound(kNow, p), c.want);
}

constexpr char kUs[] = "100.64.0.9";
constexpr char kUs32[] = "100.64.0.9/32";
constexpr char kUs6[] = "fd7a:115c:a1e0::9";
constexpr char kDb[] = "100.64.0.1";
constexpr char kPeer[] = "100.64.0.2";
constexpr char kFar[] = "100.70.0.1";
constexpr uint8_t kSyn = net::kTcpSyn;
constexpr uint8_t kSynAck = net::kTcpSyn | net::kTcpAck;
constexpr Verdict kYes = Verdict::kAccept;
constexpr Verdict kNo = Verdict::kNoRule;

INSTANTIATE_TEST_SUITE_P(
    , CheckInbound,
    ::testing::ValuesIn(std::vector<Case>{
        {"FirstPort", kTcp, kDb, kUs, 5432, kSyn, kYes},
        {"LastPort", kTcp, kDb, kUs, 5433, kSyn, kYes},
        {"PortBeforeFirst", kTcp, kDb, kUs, 5431, kSyn, kNo},
        {"PortAfterLast", kTcp, kDb, kUs, 5434, kSyn, kNo},
        {"AnotherSource", kTcp, kPeer, kUs, 5432, kSyn, kNo},
        {"AnotherProtocol", kUdp, kDb, kUs, 5432, 0, kNo},
        {"SynAckIsAnAnswer", kTcp, kFar, kUs, 9, kSynAck, kYes},
        {"AckPassesWithoutState", kTcp, kFar, kUs, 9, net::kTcpAck, kYes},
        {"ResetPasses", kTcp, kFar, kUs, 9, 0x04, kYes},
        {"DefaultProtocolsHaveUdp", kUdp, kPeer, kUs, 53, 0, kYes},
        {"DefaultProtocolsHaveTcp", kTcp, kPeer, kUs, 53, kSyn, kYes},
        {"DefaultProtocolsLackSctp", kSctp, kPeer, kUs, 53, 0, kNo},
        {"UdpWithoutARule", kUdp, kFar, kUs, 53, 0, kNo},
        {"EchoFromWhomAnyRuleNames", kIcmp, kDb, kUs, 0, 8, kYes},
        {"EchoFromNobody", kIcmp, kFar, kUs, 0, 8, kNo},
        {"EchoReplyFromNobody", kIcmp, kFar, kUs, 0, 0, kYes},
        {"UnreachableFromNobody", kIcmp, kFar, kUs, 0, 3, kYes},
        {"TimeExceededFromNobody", kIcmp, kFar, kUs, 0, 11, kYes},
        {"ParameterProblem", kIcmp, kFar, kUs, 0, 12, kYes},
        {"RedirectIsNoAnswer", kIcmp, kFar, kUs, 0, 5, kNo},
        {"V6TypeInV4", kIcmp, kFar, kUs, 0, 129, kNo},
        {"V6Echo", kIcmpV6, "fd7a::1", kUs6, 0, 128, kYes},
        {"PacketTooBig", kIcmpV6, kFar, kUs, 0, 2, kYes},
        {"StarMeansBothFamilies", kTcp, "fd7a::1", kUs6, 80, kSyn, kYes},
        {"TsmpAlways", kTsmp, kFar, kUs, 0, 0, kYes},
        {"GreByItsRule", 47, kPeer, kUs, 0, 0, kYes},
        {"GreFromAnother", 47, kDb, kUs, 0, 0, kNo},
        {"PortlessNeedsAllPorts", 50, kPeer, kUs, 0, 0, kNo},
        {"PortlessNotByDefault", 47, "fd7a::1", kUs6, 0, 0, kNo},
        {"NotOurs", kTcp, kDb, "100.64.0.8", 5432, kSyn, Verdict::kNotLocal},
        {"Multicast", kUdp, kDb, "224.0.0.251", 5353, 0, Verdict::kMulticast},
        {"MulticastV6", kUdp, kDb, "ff02::fb", 5353, 0, Verdict::kMulticast},
        {"LinkLocal", kTcp, kDb, "169.254.1.1", 80, kSyn, Verdict::kLinkLocal},
        {"LinkLocalV6", kTcp, kDb, "fe80::1", 80, kSyn, Verdict::kLinkLocal},
        {"MetadataIsNotLinkLocal", kTcp, kDb, "169.254.169.254", 80, kSyn,
         Verdict::kNotLocal},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Filter, LetsNothingInBeforeItIsCompiled) {
  Filter filter;
  EXPECT_EQ(filter.CheckInbound(kNow, Packet(kTsmp, kDb, 0, kUs, 0)),
            Verdict::kNotLocal);
}

TEST(Filter, LetsALaterFragmentInButOnlyToUs) {
  Filter filter = FilterUnderTest();
  net::IpPacket p = Packet(kUdp, kFar, 0, kUs, 0);
  p.later_fragment = true;
  EXPECT_EQ(filter.CheckInbound(kNow, p), kYes);
  p.destination = Ip("100.64.0.8");
  EXPECT_EQ(filter.CheckInbound(kNow, p), Verdict::kNotLocal);
}

TEST(Filter, LetsTheAnswerToOurUdpInAndNothingElse) {
  Filter filter = FilterUnderTest();
  const net::IpPacket answer = Packet(kUdp, kFar, 123, kUs, 40000);
  EXPECT_EQ(filter.CheckInbound(kNow, answer), kNo);
  ASSERT_EQ(filter.CheckOutbound(kNow, Packet(kUdp, kUs, 40000, kFar, 123)),
            kYes);
  EXPECT_EQ(filter.CheckInbound(kNow, answer), kYes);
  EXPECT_EQ(filter.CheckInbound(kNow, Packet(kUdp, kFar, 124, kUs, 40000)),
            kNo);
  EXPECT_EQ(filter.CheckInbound(kNow, Packet(kUdp, kFar, 123, kUs, 40001)),
            kNo);
  EXPECT_EQ(filter.CheckInbound(kNow, Packet(kUdp, kPeer, 123, kUs, 40000)),
            kNo);
}

TEST(Filter, KeepsFlowsAcrossANewPolicyButDropsRules) {
  Filter filter = FilterUnderTest();
  filter.CheckOutbound(kNow, Packet(kUdp, kUs, 40000, kFar, 123));
  filter.Compile({}, std::vector{Net("100.64.0.9/32")});
  EXPECT_EQ(filter.CheckInbound(kNow, Packet(kUdp, kFar, 123, kUs, 40000)),
            kYes);
  EXPECT_EQ(filter.CheckInbound(kNow, Packet(kUdp, kPeer, 1, kUs, 53)), kNo);
}

// A flow that a peer began, under rules that come and go.
class CutFlow : public ::testing::TestWithParam<uint8_t> {
 protected:
  CutFlow() { Allow(true); }
  void Allow(bool open) {
    std::vector<Rule> rules = {
        {{kTcp}, {Net("100.64.0.2/32")}, {{Net("100.64.0.9/32"), 22, 22}}}};
    if (open) {
      rules.push_back({{kTcp, kUdp, kSctp},
                       {Net("100.64.0.2/32")},
                       {{Net("100.64.0.9/32"), 80, 80}}});
    }
    filter_.Compile(rules, std::vector{Net("100.64.0.9/32")});
  }
  Verdict In(uint16_t to, uint8_t flags, Instant now = kNow) {
    net::IpPacket packet = Packet(GetParam(), kPeer, 40000, kUs, to);
    packet.tcp_flags = flags;
    return filter_.CheckInbound(now, packet);
  }
  Verdict Out(uint16_t from, uint8_t flags, Instant now = kNow) {
    net::IpPacket packet = Packet(GetParam(), kUs, from, kPeer, 40000);
    packet.tcp_flags = flags;
    return filter_.CheckOutbound(now, packet);
  }
  void Begin() {
    EXPECT_EQ(In(80, kSyn), kYes);
    EXPECT_EQ(Out(80, kSynAck), kYes);
    EXPECT_EQ(In(80, net::kTcpAck), kYes);
  }

  Filter filter_;
};

INSTANTIATE_TEST_SUITE_P(, CutFlow, ::testing::Values(kTcp, kUdp, kSctp),
                         [](const auto& param) {
                           return absl::StrCat("Protocol", param.param);
                         });

TEST_P(CutFlow, EndsInBothDirectionsWithItsRule) {
  Begin();
  Allow(false);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Out(80, net::kTcpAck), kNo);
    EXPECT_EQ(In(80, net::kTcpAck), kNo);
    // Other changes do not revive it.
    filter_.Compile({}, std::vector{Net("100.64.0.9/32")});
  }
  Allow(true);
  EXPECT_EQ(In(80, net::kTcpAck), kYes);
  EXPECT_EQ(Out(80, net::kTcpAck), kYes);
}

TEST_P(CutFlow, LeavesWhatIsOursAndWhatIsStillAllowed) {
  EXPECT_EQ(Out(50000, kSyn), kYes);  // ours
  EXPECT_EQ(In(50000, kSynAck), kYes);
  Begin();
  filter_.Compile(
      std::vector<Rule>{{{}, {Net("100.64.0.0/24")}, {{Net(kUs32)}}}},
      std::vector{Net(kUs32)});
  EXPECT_EQ(In(80, net::kTcpAck), GetParam() == kSctp ? kNo : kYes);
  Allow(false);
  EXPECT_EQ(In(80, net::kTcpAck), kNo);
  EXPECT_EQ(Out(50000, net::kTcpAck), kYes);
  EXPECT_EQ(In(50000, net::kTcpAck), kYes);
}

TEST_P(CutFlow, WeMayBeginOneWithTheSamePorts) {
  Begin();
  Allow(false);
  // Of TCP at once; where no packet says that it is the first, after a time.
  const Instant now = kNow + FlowTable::kIdle + absl::Seconds(1);
  EXPECT_EQ(Out(80, kSyn, GetParam() == kTcp ? kNow : now), kYes);
  EXPECT_EQ(In(80, kSynAck, now), kYes);
}

TEST_P(CutFlow, ATryKeepsItEnded) {
  Begin();
  Allow(false);
  Instant now = kNow;
  for (int i = 0; i < 4; ++i) {
    now = now + FlowTable::kIdle - absl::Seconds(1);
    EXPECT_EQ(In(80, net::kTcpAck, now), kNo);
    EXPECT_EQ(Out(80, net::kTcpAck, now), kNo);
  }
}

TEST(Filter, LetsOutAllButMulticastAndLinkLocal) {
  Filter filter;
  EXPECT_EQ(filter.CheckOutbound(kNow, Packet(kTcp, kUs, 1, kFar, 2)), kYes);
  EXPECT_EQ(filter.CheckOutbound(kNow, Packet(99, kUs, 0, "ff02::2", 0)),
            Verdict::kMulticast);
  EXPECT_EQ(filter.CheckOutbound(kNow, Packet(1, kUs, 0, "169.254.0.1", 0)),
            Verdict::kLinkLocal);
}

}  // namespace
}  // namespace warren::filter
