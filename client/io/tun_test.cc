// The real thing, in a network namespace of its own.
#include "client/io/tun.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "client/io/link_monitor.h"
#include "client/io/netlink.h"
#include "client/io/test_packets.h"
#include "client/io/test_tun.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

class TunTest : public TunNetworkTest {
 protected:
  TunTest() : TunNetworkTest("wt0") {}

  void SetUp() override {
    TunNetworkTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const uint32_t index = tun_->ifindex();
    ASSERT_TRUE(netlink_->AddAddress({index, Ip("10.0.0.1"), 24}).ok());
    ASSERT_TRUE(netlink_->AddAddress({index, Ip("fd00::1"), 64}).ok());
    ASSERT_TRUE(netlink_->ChangeLink(index, {.up = true}).ok());
  }

  static net::IpAddress Ip(const char* text) {
    return *net::IpAddress::Parse(text);
  }

  // IPv4 packets that applications sent, until `n` have come.
  std::vector<PacketBytes> ReadV4(size_t n) {
    std::vector<PacketBytes> packets;
    while (packets.size() < n) {
      pollfd readable = {tun_->fd(), POLLIN, 0};
      if (poll(&readable, 1, 5000) <= 0) break;
      net::PacketBatch batch;
      tun_->Read(batch);
      for (const net::Packet& p : batch) {
        if (p.data[0] >> 4 == 4) packets.emplace_back(p.data, p.data + p.size);
      }
    }
    return packets;
  }
};

io::Fd UdpTo(const char* address) {
  io::Fd fd(socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(443);
  inet_pton(AF_INET, address, &to.sin_addr);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  return fd;
}

// Whether all checksums are right: of IPv4 and of UDP.
void ExpectSound(const PacketBytes& packet) {
  EXPECT_EQ(net::FoldChecksum(net::AddToChecksum({packet.data(), 20})), 0xffff);
  const size_t size = packet.size() - 20;
  const uint64_t pseudo = net::PseudoHeaderSum(packet.data(), packet[9],
                                               static_cast<uint32_t>(size));
  EXPECT_EQ(
      net::FoldChecksum(net::AddToChecksum({packet.data() + 20, size}, pseudo)),
      0xffff);
}

TEST_F(TunTest, ReadsWhatAnApplicationSends) {
  const io::Fd fd = UdpTo("10.0.0.2");
  ASSERT_EQ(send(fd.get(), "hello", 5, 0), 5);
  const auto packets = ReadV4(1);
  ASSERT_EQ(packets.size(), 1u);
  ExpectSound(packets[0]);
  EXPECT_EQ(std::string(packets[0].end() - 5, packets[0].end()), "hello");
}

TEST_F(TunTest, SplitsASuperPacketOfAnApplication) {
  if (!tun_->offloads().udp) GTEST_SKIP() << "this kernel has no USO";
  const io::Fd fd = UdpTo("10.0.0.2");
  const int segment = 1000;
  ASSERT_EQ(setsockopt(fd.get(), IPPROTO_UDP, 103 /* UDP_SEGMENT */, &segment,
                       sizeof segment),
            0);
  const std::vector<uint8_t> data(10500, 7);
  ASSERT_EQ(send(fd.get(), data.data(), data.size(), 0), 10500);
  const auto packets = ReadV4(11);
  ASSERT_EQ(packets.size(), 11u);
  for (const auto& p : packets) ExpectSound(p);
  EXPECT_EQ(packets[9].size(), 1028u);
  EXPECT_EQ(packets[10].size(), 528u);
}

TEST_F(TunTest, WritesATrainThatAnApplicationReceivesWhole) {
  io::Fd fd(socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(443);
  inet_pton(AF_INET, "10.0.0.1", &at.sin_addr);
  ASSERT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  std::vector<PacketBytes> packets;
  net::PacketBatch batch;
  for (uint8_t i = 0; i < 20; ++i) {
    TestPacket packet = {.tcp = false, .id = i, .payload = PacketBytes(900, i)};
    packets.push_back(Build(packet));
    uint8_t* ip = packets.back().data();
    // From 10.0.0.9 to 10.0.0.1.
    StoreBe32(ip + 12, 0x0a000009);
    StoreBe32(ip + 16, 0x0a000001);
    net::SetIpv4Checksum(ip, 20);
    StoreBe16(ip + 26, 0);
    const uint64_t sum =
        net::AddToChecksum({ip + 20, 908}, net::PseudoHeaderSum(ip, 17, 908));
    net::StoreChecksum(ip + 26, static_cast<uint16_t>(~net::FoldChecksum(sum)));
  }
  for (PacketBytes& p : packets) {
    net::Packet packet;
    packet.data = p.data();
    packet.size = static_cast<uint32_t>(p.size());
    batch.Add(packet);
  }
  tun_->Write(batch);
  EXPECT_EQ(tun_->counters().written_packets, 20u);
  EXPECT_EQ(tun_->counters().write_errors, 0u);
  EXPECT_EQ(tun_->counters().writes, tun_->offloads().udp ? 1u : 20u);
  for (uint8_t i = 0; i < 20; ++i) {
    uint8_t got[2000];
    ASSERT_EQ(recv(fd.get(), got, sizeof got, MSG_DONTWAIT), 900);
    EXPECT_EQ(got[899], i);
  }
}

TEST_F(TunTest, WorksWithoutOffloads) {
  auto plain = Tun::Create({.name = "wt1", .mtu = 1300, .offloads = false});
  ASSERT_TRUE(plain.ok()) << plain.status();
  tun_ = *std::move(plain);
  EXPECT_FALSE(tun_->offloads().vnet_header);
  ASSERT_TRUE(netlink_->AddAddress({tun_->ifindex(), Ip("10.0.5.1"), 24}).ok());
  ASSERT_TRUE(netlink_->ChangeLink(tun_->ifindex(), {.up = true}).ok());
  const io::Fd fd = UdpTo("10.0.5.2");
  ASSERT_EQ(send(fd.get(), "hello", 5, 0), 5);
  const auto packets = ReadV4(1);
  ASSERT_EQ(packets.size(), 1u);
  ExpectSound(packets[0]);
}

TEST_F(TunTest, SaysWhenTheInterfaceIsDeleted) {
  ASSERT_EQ(system("ip link delete wt0"), 0);
  net::PacketBatch batch;
  Tun::ReadResult result;
  do {
    result = tun_->Read(batch);
  } while (result == Tun::ReadResult::kMore);
  EXPECT_EQ(result, Tun::ReadResult::kGone);
}

TEST_F(TunTest, ATakenNameAndABadNameAreToldApart) {
  const auto taken = Tun::Create({.name = "wt0"});
  EXPECT_TRUE(absl::IsAlreadyExists(taken.status())) << taken.status();
  const auto other = Tun::Create({.name = "lo"});
  EXPECT_TRUE(absl::IsAlreadyExists(other.status())) << other.status();
  for (const char* name : {"", "a b", "a/b", "sixteen-bytes-xx", "..", "%d"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Tun::Create({.name = name}).status()))
        << name;
  }
}

TEST_F(TunTest, NetlinkListsWhatItSet) {
  const auto links = netlink_->Links();
  ASSERT_TRUE(links.ok()) << links.status();
  bool found = false;
  for (const Link& link : *links) {
    if (link.name != "wt0") continue;
    found = true;
    EXPECT_EQ(link.mtu, 1420u);
    EXPECT_TRUE(link.up);
    EXPECT_FALSE(link.loopback);
  }
  EXPECT_TRUE(found);
  const auto addresses = netlink_->Addresses();
  ASSERT_TRUE(addresses.ok());
  size_t ours = 0;
  for (const LinkAddress& a : *addresses) {
    if (a.address == Ip("10.0.0.1") && a.prefix_bits == 24) ++ours;
    if (a.address == Ip("fd00::1") && a.prefix_bits == 64) ++ours;
  }
  EXPECT_EQ(ours, 2u);
}

TEST_F(TunTest, ChangesThatAreMetAlreadyAreNoErrors) {
  const uint32_t index = tun_->ifindex();
  const LinkAddress address = {index, Ip("10.0.0.1"), 24};
  const Route route = {index, *net::IpPrefix::Parse("100.64.0.0/10")};
  const Route route6 = {index, *net::IpPrefix::Parse("fd7a:115c:a1e0::/48")};
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(netlink_->AddAddress(address).ok());
    EXPECT_TRUE(netlink_->AddRoute(route).ok());
    EXPECT_TRUE(netlink_->AddRoute(route6).ok());
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(netlink_->DeleteRoute(route).ok());
    EXPECT_TRUE(netlink_->DeleteRoute(route6).ok());
    EXPECT_TRUE(netlink_->DeleteAddress(address).ok());
  }
  EXPECT_TRUE(
      absl::IsNotFound(netlink_->AddAddress({12345, Ip("10.0.0.1"), 24})));
}

TEST_F(TunTest, TheMonitorTellsOfAChange) {
  auto monitor = LinkMonitor::Open();
  ASSERT_TRUE(monitor.ok());
  EXPECT_FALSE(monitor->Drain());
  ASSERT_TRUE(netlink_->AddAddress({tun_->ifindex(), Ip("10.0.0.7"), 32}).ok());
  pollfd readable = {monitor->fd(), POLLIN, 0};
  ASSERT_EQ(poll(&readable, 1, 5000), 1);
  EXPECT_TRUE(monitor->Drain());
}

}  // namespace
}  // namespace warren::client
