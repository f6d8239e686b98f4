#include "core/engine/too_big.h"

#include <utility>
#include <vector>

#include "core/net/checksum.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using ::warren::testing::Ip;

constexpr uint8_t kUdp = 17;

// An IPv4 packet from 100.64.0.1 to 100.64.0.2. `flags`: of byte 6.
std::vector<uint8_t> V4(size_t size, uint8_t flags, uint8_t protocol = kUdp) {
  ByteWriter w;
  w.U16(0x4500).U16(static_cast<uint16_t>(size)).U16(7).U8(flags).U8(0);
  w.U8(64).U8(protocol).U16(0);
  w.Append(Ip("100.64.0.1").bytes()).Append(Ip("100.64.0.2").bytes());
  w.Zeros(size - 20);
  return std::move(w).Take();
}

std::vector<uint8_t> V6(size_t size) {
  ByteWriter w;
  w.U32(0x60000000).U16(static_cast<uint16_t>(size - 40)).U8(kUdp).U8(64);
  w.Append(Ip("fd7a:115c:a1e0::1").bytes());
  w.Append(Ip("fd7a:115c:a1e0::2").bytes());
  w.Zeros(size - 40);
  return std::move(w).Take();
}

std::vector<uint8_t> ErrorFor(const std::vector<uint8_t>& bytes, size_t limit) {
  net::IpPacket packet;
  EXPECT_EQ(net::ParseIp(bytes, packet), net::IpError::kNone);
  return BuildTooBig(bytes, packet, limit);
}

TEST(BuildTooBig, AsksForSmallerIpv4Packets) {
  const auto packet = V4(1200, 0x40);
  const auto error = ErrorFor(packet, 1136);
  net::IpPacket parsed;
  ASSERT_EQ(net::ParseIp(error, parsed), net::IpError::kNone);
  EXPECT_EQ(parsed.source, Ip("100.64.0.2"));
  EXPECT_EQ(parsed.destination, Ip("100.64.0.1"));
  ASSERT_EQ(error.size(), 576u);
  EXPECT_EQ(error[20], 3);  // unreachable,
  EXPECT_EQ(error[21], 4);  // fragmentation needed
  EXPECT_EQ(LoadBe16(&error[26]), 1136);
  EXPECT_TRUE(std::equal(error.begin() + 28, error.end(), packet.begin()));
  EXPECT_EQ(net::FoldChecksum(net::AddToChecksum(Bytes(error).first(20))),
            0xffff);
  EXPECT_EQ(net::FoldChecksum(net::AddToChecksum(Bytes(error).subspan(20))),
            0xffff);
}

TEST(BuildTooBig, AsksForSmallerIpv6PacketsButNotBelow1280) {
  EXPECT_TRUE(ErrorFor(V6(1280), 1136).empty());
  const auto error = ErrorFor(V6(1400), 1136);
  ASSERT_EQ(error.size(), 1280u);
  EXPECT_EQ(error[40], 2);
  EXPECT_EQ(LoadBe32(&error[44]), 1280u);
  EXPECT_EQ(net::FoldChecksum(net::AddToChecksum(
                Bytes(error).subspan(40),
                net::PseudoHeaderSum(error.data(), 58,
                                     static_cast<uint32_t>(1280 - 40)))),
            0xffff);
}

TEST(BuildTooBig, LeavesOthersAlone) {
  EXPECT_TRUE(ErrorFor(V4(1136, 0x40), 1136).empty());  // fits
  EXPECT_TRUE(ErrorFor(V4(1200, 0x00), 1136).empty());  // may be fragmented
  std::vector<uint8_t> unreachable = V4(1200, 0x40, 1);
  unreachable[20] = 3;
  EXPECT_TRUE(ErrorFor(unreachable, 1136).empty());
}

}  // namespace
}  // namespace warren::engine
