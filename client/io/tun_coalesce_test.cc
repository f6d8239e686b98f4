#include "client/io/tun_coalesce.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "client/io/test_packets.h"
#include "client/io/tun_split.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

constexpr TunOffloads kAll = {.vnet_header = true, .tcp = true, .udp = true};

struct Written {
  VnetHeader header;
  PacketBytes bytes;
};

// What the TUN would be given for `packets`.
std::vector<Written> Coalesce(std::vector<PacketBytes> packets,
                              TunOffloads offloads = kAll) {
  auto coalescer = std::make_unique<TunCoalescer>();
  net::PacketBatch batch;
  for (PacketBytes& bytes : packets) {
    net::Packet packet;
    packet.data = bytes.data();
    packet.size = static_cast<uint32_t>(bytes.size());
    batch.Add(packet);
  }
  std::vector<Written> out;
  for (const TunCoalescer::Write& write :
       coalescer->Coalesce(batch, offloads)) {
    PacketBytes all;
    for (const iovec& part : write.parts) {
      const auto* data = static_cast<const uint8_t*>(part.iov_base);
      all.insert(all.end(), data, data + part.iov_len);
    }
    Written written;
    if (offloads.vnet_header) {
      std::memcpy(&written.header, all.data(), sizeof written.header);
      all.erase(all.begin(), all.begin() + sizeof written.header);
    }
    written.bytes = std::move(all);
    out.push_back(std::move(written));
  }
  return out;
}

std::vector<PacketBytes> Split(std::vector<Written> writes) {
  std::vector<PacketBytes> out;
  for (Written& write : writes) {
    TunSplitter splitter;
    PacketArena arena(1 << 18);
    net::PacketBatch batch;
    EXPECT_TRUE(splitter.Start(write.header, write.bytes));
    splitter.Cut(1420, arena, batch);
    for (const net::Packet& p : batch) {
      out.emplace_back(p.data, p.data + p.size);
    }
  }
  return out;
}

// `n` packets of one flow in order, `size` bytes of payload each.
std::vector<TestPacket> Flow(TestPacket first, size_t n, size_t size) {
  std::vector<TestPacket> flow;
  for (size_t i = 0; i < n; ++i) {
    first.payload.assign(size, static_cast<uint8_t>(i));
    flow.push_back(first);
    first.sequence += static_cast<uint32_t>(size);
    ++first.id;
  }
  return flow;
}

std::vector<PacketBytes> BuildAll(const std::vector<TestPacket>& packets) {
  std::vector<PacketBytes> out;
  for (const TestPacket& p : packets) out.push_back(Build(p));
  return out;
}

TEST(TunCoalescer, JoinsASegmentTrainIntoOneWrite) {
  for (const bool v4 : {true, false}) {
    for (const bool tcp : {true, false}) {
      const auto packets =
          BuildAll(Flow({.v4 = v4, .tcp = tcp}, 40, tcp ? 1348 : 1200));
      const auto writes = Coalesce(packets);
      ASSERT_EQ(writes.size(), 1u);
      EXPECT_EQ(writes[0].header.segment_size, tcp ? 1348 : 1200);
      EXPECT_EQ(Split(writes), packets);
    }
  }
}

TEST(TunCoalescer, AShorterSegmentAndAPushEndATrain) {
  auto flow = Flow({}, 6, 1000);
  flow[1].flags |= 0x08;
  flow[4].payload.resize(10);
  flow[5].sequence -= 990;
  const auto packets = BuildAll(flow);
  const auto writes = Coalesce(packets);
  ASSERT_EQ(writes.size(), 3u);  // 0 1 | 2 3 4 | 5
  EXPECT_EQ(Split(writes), packets);
}

TEST(TunCoalescer, KeepsInterleavedFlowsApartAndEachInOrder) {
  const auto a = BuildAll(Flow({.source = 1}, 20, 500));
  const auto b = BuildAll(Flow({.source = 2}, 20, 500));
  std::vector<PacketBytes> mixed;
  for (size_t i = 0; i < 20; ++i) {
    mixed.push_back(a[i]);
    mixed.push_back(b[i]);
  }
  const auto writes = Coalesce(mixed);
  ASSERT_EQ(writes.size(), 2u);
  EXPECT_EQ(Split({writes[0]}), a);
  EXPECT_EQ(Split({writes[1]}), b);
}

struct Case {
  std::string name;
  void (*edit)(TestPacket&);  // of the second packet of two
};
class NotJoined : public testing::TestWithParam<Case> {};

TEST_P(NotJoined, GoesAloneAndUnchanged) {
  auto flow = Flow({.dont_fragment = false, .options = 4}, 2, 100);
  GetParam().edit(flow[1]);
  const auto packets = BuildAll(flow);
  const auto writes = Coalesce(packets);
  ASSERT_EQ(writes.size(), 2u);
  EXPECT_EQ(writes[0].bytes, packets[0]);
  EXPECT_EQ(writes[1].bytes, packets[1]);
  EXPECT_EQ(writes[1].header.gso_type, VnetHeader::kGsoNone);
}

INSTANTIATE_TEST_SUITE_P(
    , NotJoined,
    testing::ValuesIn(std::vector<Case>{
        {"Gap", [](TestPacket& p) { ++p.sequence; }},
        {"Acknowledgement", [](TestPacket& p) { ++p.acknowledgement; }},
        {"Window", [](TestPacket& p) { ++p.window; }},
        {"Options", [](TestPacket& p) { p.options = 8; }},
        {"Fin", [](TestPacket& p) { p.flags |= 1; }},
        {"Urgent", [](TestPacket& p) { p.flags |= 0x20; }},
        {"Longer", [](TestPacket& p) { p.payload.resize(101); }},
        {"Empty", [](TestPacket& p) { p.payload.clear(); }},
        {"Tos", [](TestPacket& p) { p.tos = 3; }},
        {"Ttl", [](TestPacket& p) { --p.ttl; }},
        {"Id", [](TestPacket& p) { ++p.id; }},
        {"DontFragment", [](TestPacket& p) { p.dont_fragment = true; }},
        {"Port", [](TestPacket& p) { ++p.source_port; }},
        {"Source", [](TestPacket& p) { ++p.source; }},
        {"Protocol", [](TestPacket& p) { p.tcp = false; }},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(TunCoalescer, NeverHidesAWrongChecksumInATrain) {
  auto packets = BuildAll(Flow({}, 3, 100));
  packets[1][60] ^= 1;
  const auto writes = Coalesce(packets);
  ASSERT_EQ(writes.size(), 3u);
  EXPECT_EQ(writes[1].bytes, packets[1]);
}

TEST(TunCoalescer, ADatagramWithoutChecksumGoesAlone) {
  auto packets = BuildAll(Flow({.tcp = false}, 2, 100));
  for (auto& p : packets) StoreBe16(p.data() + 26, 0);
  EXPECT_EQ(Coalesce(packets).size(), 2u);
}

TEST(TunCoalescer, AFragmentGoesAlone) {
  auto packets = BuildAll(Flow({.tcp = false}, 2, 100));
  for (auto& p : packets) {
    StoreBe16(p.data() + 6, 0x2000);
    net::SetIpv4Checksum(p.data(), 20);
  }
  EXPECT_EQ(Coalesce(packets).size(), 2u);
}

TEST(TunCoalescer, APacketThatCannotJoinIsNotOvertakenByItsFlow) {
  auto flow = Flow({}, 4, 100);
  flow[1].flags |= 0x20;
  const auto packets = BuildAll(flow);
  const auto writes = Coalesce(packets);
  ASSERT_EQ(writes.size(), 3u);  // 0 | 1 | 2 3
  EXPECT_EQ(Split(writes), packets);
}

TEST(TunCoalescer, JoinsOnlyWhatTheTunTakes) {
  const auto tcp = BuildAll(Flow({}, 3, 100));
  const auto udp = BuildAll(Flow({.tcp = false}, 3, 100));
  EXPECT_EQ(Coalesce(tcp, {.vnet_header = true, .udp = true}).size(), 3u);
  EXPECT_EQ(Coalesce(udp, {.vnet_header = true, .tcp = true}).size(), 3u);
  const auto bare = Coalesce(tcp, {});
  ASSERT_EQ(bare.size(), 3u);
  EXPECT_EQ(bare[2].bytes, tcp[2]);
}

TEST(TunCoalescer, StaysWithinTheSizeOfAnIpPacket) {
  const auto packets = BuildAll(Flow({}, 128, 1368));
  const auto writes = Coalesce(packets);
  EXPECT_EQ(writes.size(), 3u);
  EXPECT_EQ(Split(writes), packets);
}

// The law: Split(Coalesce(x)) has the packets of x, flow by flow in order.
TEST(TunCoalescer, SplittingUndoesCoalescingForAnyTraffic) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    std::vector<TestPacket> next(4);
    for (size_t i = 0; i < next.size(); ++i) {
      next[i] = {.v4 = rng.Below(2) == 0,
                 .tcp = rng.Below(3) != 0,
                 .source = static_cast<uint8_t>(i),
                 .dont_fragment = rng.Below(2) == 0,
                 .sequence = rng.U32()};
    }
    std::vector<std::vector<PacketBytes>> want(next.size()), got(next.size());
    std::vector<PacketBytes> mixed;
    for (size_t n = rng.Below(128); n > 0; --n) {
      const size_t i = rng.Below(next.size());
      TestPacket& p = next[i];
      p.payload.resize(rng.Below(4) == 0 ? rng.Below(1300) : 600);
      rng.Fill(p.payload);
      p.flags = rng.Below(10) == 0 ? 0x18 : 0x10;
      p.ttl = rng.Below(20) == 0 ? 63 : 64;
      want[i].push_back(Build(p));
      if (rng.Below(20) == 0) want[i].back().back() ^= 1;
      mixed.push_back(want[i].back());
      p.sequence += static_cast<uint32_t>(p.payload.size());
      ++p.id;
    }
    for (PacketBytes& p : Split(Coalesce(mixed))) {
      got[p[0] >> 4 == 4 ? p[15] : p[23]].push_back(std::move(p));
    }
    EXPECT_EQ(got, want);
  }
}

TEST(TunCoalescer, PassesGarbageOnUnchanged) {
  SeededRng rng(9);
  std::vector<PacketBytes> packets;
  for (size_t i = 0; i < 128; ++i) {
    PacketBytes p(1 + rng.Below(90));
    rng.Fill(p);
    if (i % 2) p[0] = i % 4 == 1 ? 0x45 : 0x60;
    if (i % 2 && p.size() > 10) p[i % 4 == 1 ? 9 : 6] = i % 8 < 4 ? 6 : 17;
    if (i % 4 == 1 && p.size() > 10) {
      StoreBe16(p.data() + 2, static_cast<uint16_t>(p.size()));
      StoreBe16(p.data() + 6, 0);
    }
    packets.push_back(p);
  }
  const auto writes = Coalesce(packets);
  ASSERT_EQ(writes.size(), packets.size());
  for (size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(writes[i].bytes, packets[i]);
  }
}

}  // namespace
}  // namespace warren::client
