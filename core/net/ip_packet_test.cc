#include "core/net/ip_packet.h"

#include <string>
#include <vector>

#include "core/base/hex.h"
#include "gtest/gtest.h"

namespace warren::net {
namespace {

// 100.64.0.1 -> 100.64.0.2; `rest` follows the 20-byte header, whose total
// length counts it. `fragment` is flags and offset, as on the wire.
std::vector<uint8_t> V4(uint8_t protocol, const std::vector<uint8_t>& rest,
                        uint16_t fragment = 0) {
  ByteWriter w;
  w.U8(0x45).U8(0).U16(static_cast<uint16_t>(20 + rest.size())).U16(0);
  w.U16(fragment).U8(64).U8(protocol).U16(0);
  w.U32(0x64400001).U32(0x64400002).Append(rest);
  return std::move(w).Take();
}

std::vector<uint8_t> V6(uint8_t next_header, const std::vector<uint8_t>& rest) {
  ByteWriter w;
  w.U32(0x60000000).U16(static_cast<uint16_t>(rest.size()));
  w.U8(next_header).U8(64).Zeros(15).U8(1).Zeros(15).U8(2).Append(rest);
  return std::move(w).Take();
}

std::vector<uint8_t> Tcp(uint8_t flags) {
  ByteWriter w;
  w.U16(51000).U16(22).Zeros(8).U8(0x50).U8(flags).Zeros(6);
  return std::move(w).Take();
}

std::vector<uint8_t> Udp() {
  return std::move(ByteWriter().U16(1000).U16(53).U16(8).U16(0)).Take();
}

std::vector<uint8_t> Fragment(uint8_t protocol, uint16_t offset_and_more,
                              const std::vector<uint8_t>& rest) {
  ByteWriter w;
  w.U8(protocol).U8(0).U16(offset_and_more).U32(7).Append(rest);
  return std::move(w).Take();
}

TEST(ParseIp, ReadsTcpOverIpV4) {
  IpPacket p;
  ASSERT_EQ(ParseIp(V4(6, Tcp(kTcpSyn)), p), IpError::kNone);
  EXPECT_EQ(p.source.ToString(), "100.64.0.1");
  EXPECT_EQ(p.destination.ToString(), "100.64.0.2");
  EXPECT_EQ(p.protocol, 6);
  EXPECT_EQ(p.source_port, 51000);
  EXPECT_EQ(p.destination_port, 22);
  EXPECT_EQ(p.tcp_flags, kTcpSyn);
  EXPECT_EQ(p.payload.size(), 20u);
}

TEST(ParseIp, LooksBehindAnIpV6FragmentHeader) {
  IpPacket p;
  ASSERT_EQ(ParseIp(V6(44, Fragment(17, 1, Udp())), p), IpError::kNone);
  EXPECT_EQ(p.protocol, 17);
  EXPECT_EQ(p.destination_port, 53);
  EXPECT_TRUE(p.more_fragments);
  EXPECT_FALSE(p.later_fragment);
}

TEST(ParseIp, TakesALaterFragmentForWhatItIs) {
  IpPacket p;
  ASSERT_EQ(ParseIp(V4(6, {1, 2, 3}, 185), p), IpError::kNone);
  EXPECT_TRUE(p.later_fragment);
  EXPECT_EQ(p.destination_port, 0);
}

TEST(ParseIp, IgnoresWhatFollowsThePacket) {
  std::vector<uint8_t> bytes = V4(17, Udp());
  bytes.resize(bytes.size() + 12);
  IpPacket p;
  ASSERT_EQ(ParseIp(bytes, p), IpError::kNone);
  EXPECT_EQ(p.payload.size(), 8u);
}

struct BadCase {
  const char* name;
  std::vector<uint8_t> bytes;
  IpError want;
};

std::vector<uint8_t> With(std::vector<uint8_t> bytes, size_t at, uint8_t v) {
  bytes[at] = v;
  return bytes;
}

std::vector<uint8_t> Cut(std::vector<uint8_t> bytes, size_t size) {
  bytes.resize(size);
  return bytes;
}

class ParseIpRefuses : public ::testing::TestWithParam<BadCase> {};

TEST_P(ParseIpRefuses, AndSaysWhy) {
  IpPacket p;
  EXPECT_STREQ(TextOf(ParseIp(GetParam().bytes, p)), TextOf(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    , ParseIpRefuses,
    ::testing::ValuesIn(std::vector<BadCase>{
        {"Empty", {}, IpError::kTooShort},
        {"HalfAHeader", Cut(V4(17, Udp()), 19), IpError::kTooShort},
        {"HalfAnIpV6Header", Cut(V6(17, Udp()), 39), IpError::kTooShort},
        {"VersionFive", With(V4(17, Udp()), 0, 0x55), IpError::kBadVersion},
        {"IhlOfFour", With(V4(17, Udp()), 0, 0x44), IpError::kBadHeaderLength},
        {"IhlBeyondTheBytes", With(V4(17, Udp()), 0, 0x4f),
         IpError::kBadHeaderLength},
        {"TotalBeyondTheBytes", With(V4(17, Udp()), 3, 29),
         IpError::kBadTotalLength},
        {"TotalBelowTheHeader", With(V4(17, Udp()), 3, 19),
         IpError::kBadTotalLength},
        {"IpV6LengthBeyondTheBytes", With(V6(17, Udp()), 5, 9),
         IpError::kBadTotalLength},
        {"MappedSource", With(With(V6(17, Udp()), 18, 0xff), 19, 0xff),
         IpError::kMappedAddress},
        {"MappedDestination", With(With(V6(17, Udp()), 34, 0xff), 35, 0xff),
         IpError::kMappedAddress},
        {"HalfAFragmentHeader", V6(44, {6, 0, 0, 1}), IpError::kBadTotalLength},
        {"FragmentOverTcpFlags", V4(6, Tcp(kTcpAck), 1),
         IpError::kOverlappingFragment},
        {"FragmentAtNine", V4(6, Tcp(kTcpAck), 9),
         IpError::kOverlappingFragment},
        {"IpV6FragmentAtOne", V6(44, Fragment(6, 1 << 3, Tcp(kTcpAck))),
         IpError::kOverlappingFragment},
        {"TcpOfNineteenBytes", V4(6, Cut(Tcp(kTcpSyn), 19)),
         IpError::kShortTransport},
        {"UdpOfSevenBytes", V4(17, Cut(Udp(), 7)), IpError::kShortTransport},
        {"SctpOfElevenBytes", V4(132, std::vector<uint8_t>(11)),
         IpError::kShortTransport},
        {"IcmpOfThreeBytes", V4(1, {8, 0, 0}), IpError::kShortTransport},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::net
