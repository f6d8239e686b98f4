#include "client/io/tun_split.h"

#include <algorithm>
#include <string>
#include <vector>

#include "client/io/test_packets.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

constexpr uint16_t kMtu = 1420;

PacketBytes Payload(size_t size) {
  PacketBytes bytes(size);
  SeededRng(size).Fill(bytes);
  return bytes;
}

// A super-packet as the kernel hands it out: the checksum field holds the sum
// of the pseudo-header only.
struct Super {
  VnetHeader header;
  PacketBytes bytes;
};

Super MakeSuper(const TestPacket& packet, uint16_t segment_size) {
  Super super;
  super.bytes = Build(packet);
  const size_t l4 = packet.v4 ? 20 : 40;
  const uint16_t field = packet.tcp ? 16 : 6;
  const uint8_t protocol = packet.tcp ? 6 : 17;
  const uint16_t pseudo = net::FoldChecksum(
      net::PseudoHeaderSum(super.bytes.data(), protocol,
                           static_cast<uint32_t>(super.bytes.size() - l4)));
  net::StoreChecksum(super.bytes.data() + l4 + field, pseudo);
  VnetHeader& h = super.header;
  h.flags = VnetHeader::kNeedsChecksum;
  h.checksum_start = static_cast<uint16_t>(l4);
  h.checksum_offset = field;
  h.segment_size = segment_size;
  if (segment_size != 0) {
    h.gso_type = !packet.tcp ? VnetHeader::kGsoUdp
                 : packet.v4 ? VnetHeader::kGsoTcp4
                             : VnetHeader::kGsoTcp6;
  }
  return super;
}

// What `packet` looks like cut into segments, built one by one.
std::vector<PacketBytes> Expected(const TestPacket& packet, size_t segment) {
  std::vector<PacketBytes> out;
  for (size_t at = 0; at < packet.payload.size(); at += segment) {
    const size_t n = std::min(segment, packet.payload.size() - at);
    TestPacket one = packet;
    one.id = static_cast<uint16_t>(packet.id + at / segment);
    one.sequence += static_cast<uint32_t>(at);
    if (at + n < packet.payload.size()) one.flags &= 0xf6;  // FIN, PSH last
    if (at > 0) one.flags &= 0x7f;                          // CWR first
    const auto from = packet.payload.begin() + static_cast<ptrdiff_t>(at);
    one.payload.assign(from, from + static_cast<ptrdiff_t>(n));
    out.push_back(Build(one));
  }
  return out;
}

// Cuts it all, over as many batches and arenas as it takes.
std::vector<PacketBytes> CutAll(Super& super, size_t arena_size = 1 << 17) {
  TunSplitter splitter;
  EXPECT_TRUE(splitter.Start(super.header, super.bytes));
  PacketArena arena(arena_size);
  std::vector<PacketBytes> out;
  for (int round = 0; !splitter.done() && round < 1000; ++round) {
    net::PacketBatch batch;
    arena.Clear();
    splitter.Cut(kMtu, arena, batch);
    for (const net::Packet& p : batch) {
      out.emplace_back(p.data, p.data + p.size);
    }
  }
  return out;
}

struct Case {
  std::string name;
  TestPacket packet;
  uint16_t segment;
};
class TunSplitTest : public testing::TestWithParam<Case> {};

TEST_P(TunSplitTest, CutsIntoThePacketsThatTheNetworkWouldSee) {
  Super super = MakeSuper(GetParam().packet, GetParam().segment);
  EXPECT_EQ(CutAll(super), Expected(GetParam().packet, GetParam().segment));
}

TEST_P(TunSplitTest, GoesOnWhereAFullArenaOrBatchStoppedIt) {
  Super super = MakeSuper(GetParam().packet, GetParam().segment);
  EXPECT_EQ(CutAll(super, 4096),
            Expected(GetParam().packet, GetParam().segment));
}

std::vector<Case> Cases() {
  std::vector<Case> cases = {
      {"Tcp4", {.id = 65534, .sequence = 0xfffffff0, .flags = 0x18}, 1368},
      {"Tcp6", {.v4 = false, .sequence = 5, .flags = 0x19}, 1348},
      {"Tcp4WithCwr", {.flags = 0x90}, 1000},
      {"Tcp4TinySegments", {}, 88},
      {"Tcp4OddSegments", {.options = 0}, 999},
      {"Udp4", {.tcp = false, .id = 7, .dont_fragment = false}, 1200},
      {"Udp6", {.v4 = false, .tcp = false}, 1372},
  };
  for (Case& c : cases) c.packet.payload = Payload(60011);
  cases.push_back({"ExactMultiple", {.payload = Payload(13680)}, 1368});
  cases.push_back({"OneSegment", {.payload = Payload(100)}, 1368});
  return cases;
}
INSTANTIATE_TEST_SUITE_P(, TunSplitTest, testing::ValuesIn(Cases()),
                         [](const auto& p) { return p.param.name; });

TEST(TunSplitter, LaysFullPacketsBackToBackWithRoomForSealing) {
  Super super = MakeSuper({.payload = Payload(4000)}, 1368);
  TunSplitter splitter;
  PacketArena arena(1 << 16);
  net::PacketBatch batch;
  ASSERT_TRUE(splitter.Start(super.header, super.bytes));
  splitter.Cut(kMtu, arena, batch);
  ASSERT_EQ(batch.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(batch[i].headroom, 16);
    // 1420 is not a multiple of 16, and padding ends at the MTU.
    EXPECT_EQ(batch[i].data, batch[0].data + i * (16 + 1420 + 16));
  }
  EXPECT_EQ(batch[0].tailroom, 16);
  EXPECT_EQ(batch[2].size, 1316u);
  EXPECT_EQ(batch[2].tailroom, 12 + 16);  // padded to 1328
}

TEST(TunSplitter, CompletesTheChecksumOfAWholePacket) {
  for (const bool tcp : {true, false}) {
    for (const size_t size : {0, 1, 100, 1300}) {
      const TestPacket packet = {.tcp = tcp, .payload = Payload(size)};
      Super super = MakeSuper(packet, 0);
      EXPECT_EQ(CutAll(super), std::vector<PacketBytes>{Build(packet)}) << size;
    }
  }
}

TEST(TunSplitter, LeavesAWholePacketWithoutRequestAsItIs) {
  Super super = {VnetHeader(), Build({.payload = Payload(33)})};
  super.bytes[40] ^= 1;  // Wrong checksums are not ours to mend.
  const PacketBytes before = super.bytes;
  EXPECT_EQ(CutAll(super), std::vector<PacketBytes>{before});
}

TEST(TunSplitter, RefusesHeadersThatContradictThePacket) {
  const Super good = MakeSuper({.payload = Payload(4000)}, 1368);
  const auto refuses = [&](auto edit) {
    Super super = good;
    edit(super);
    TunSplitter splitter;
    return !splitter.Start(super.header, super.bytes) && splitter.done();
  };
  EXPECT_FALSE(refuses([](Super&) {}));
  EXPECT_TRUE(refuses([](Super& s) { s.bytes.resize(10); }));
  EXPECT_TRUE(refuses([](Super& s) { s.bytes.resize(40); }));
  EXPECT_TRUE(refuses([](Super& s) { s.bytes[0] = 0x65; }));
  EXPECT_TRUE(refuses([](Super& s) { s.bytes[0] = 0x05; }));
  EXPECT_TRUE(refuses([](Super& s) { s.bytes[9] = 17; }));
  EXPECT_TRUE(refuses([](Super& s) { s.bytes[32] = 0x40; }));  // TCP offset
  EXPECT_TRUE(refuses([](Super& s) { s.header.gso_type = 3; }));
  EXPECT_TRUE(refuses([](Super& s) { s.header.gso_type = 4; }));
  EXPECT_TRUE(refuses([](Super& s) { s.header.segment_size = 0; }));
  EXPECT_TRUE(refuses([](Super& s) { s.header.checksum_start = 24; }));
  EXPECT_TRUE(refuses([](Super& s) {
    s.header = {.flags = 1, .checksum_start = 65535, .checksum_offset = 16};
  }));
}

}  // namespace
}  // namespace warren::client
