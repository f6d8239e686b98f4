#include "client/io/udp.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/io/test_network.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

using net::Family;

std::unique_ptr<Udp> Open(const UdpOptions& options = {}) {
  auto udp = Udp::Open(options);
  EXPECT_TRUE(udp.ok()) << udp.status();
  return *std::move(udp);
}

net::Endpoint Loopback(const Udp& udp, Family family) {
  const char* text = family == Family::kV4 ? "127.0.0.1" : "::1";
  return {*net::IpAddress::Parse(text), udp.port()};
}

// Packets to `to`, packet i of sizes[i] bytes of value i; apart in memory, or
// back to back.
struct Outgoing {
  Outgoing(const net::Endpoint& to, const std::vector<size_t>& sizes,
           bool apart = false) {
    memory.resize(1 << 20);
    size_t at = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      net::Packet packet;
      packet.data = memory.data() + at;
      packet.size = static_cast<uint32_t>(sizes[i]);
      packet.endpoint = to;
      std::fill_n(packet.data, sizes[i], static_cast<uint8_t>(i));
      batch.Add(packet);
      at += sizes[i] + (apart ? 100 : 0);
    }
  }
  std::vector<uint8_t> memory;
  net::PacketBatch batch;
};

// Sizes of the next `n` datagrams; each must hold one value only.
std::vector<size_t> ReceiveSizes(Udp& udp, Family family, size_t n,
                                 std::vector<uint8_t>* values = nullptr,
                                 net::Endpoint* from = nullptr) {
  std::vector<size_t> sizes;
  while (sizes.size() < n) {
    pollfd readable = {udp.fd(family), POLLIN, 0};
    if (poll(&readable, 1, 5000) <= 0) break;
    net::PacketBatch batch;
    Udp::ReceiveResult result;
    do {
      result = udp.Receive(family, batch);
      for (const net::Packet& p : batch) {
        sizes.push_back(p.size);
        for (uint8_t b : p.bytes()) EXPECT_EQ(b, p.data[0]);
        if (values != nullptr) values->push_back(p.data[0]);
        if (from != nullptr) *from = p.endpoint;
      }
    } while (result == Udp::ReceiveResult::kMore);
  }
  return sizes;
}

class UdpFamilyTest : public testing::TestWithParam<Family> {};

TEST_P(UdpFamilyTest, ATrainOfEqualPacketsIsOneMessage) {
  auto a = Open(), b = Open();
  std::vector<size_t> sizes(40, 1452);
  sizes.push_back(100);
  for (const bool apart : {false, true}) {
    const uint64_t before = a->counters().sends;
    Outgoing out(Loopback(*b, GetParam()), sizes, apart);
    a->Send(out.batch);
    EXPECT_EQ(a->counters().sends - before, 1u);
    net::Endpoint from;
    EXPECT_EQ(ReceiveSizes(*b, GetParam(), sizes.size(), nullptr, &from),
              sizes);
    EXPECT_EQ(from, Loopback(*a, GetParam()));
  }
}

INSTANTIATE_TEST_SUITE_P(, UdpFamilyTest,
                         testing::Values(Family::kV4, Family::kV6),
                         [](const auto& p) {
                           return p.param == Family::kV4 ? "V4" : "V6";
                         });

TEST(Udp, PacketsOfAnySizesArriveInOrder) {
  auto a = Open(), b = Open();
  std::vector<size_t> sizes;
  std::vector<uint8_t> values, want;
  for (size_t i = 0; i < 128; ++i) {
    sizes.push_back(1 + i * i * 7919 % 1500);
    want.push_back(static_cast<uint8_t>(i));
  }
  Outgoing out(Loopback(*b, Family::kV4), sizes);
  a->Send(out.batch);
  EXPECT_EQ(ReceiveSizes(*b, Family::kV4, 128, &values), sizes);
  EXPECT_EQ(values, want);
}

TEST(Udp, MoreEqualPacketsThanATrainHoldsTakeTwo) {
  auto a = Open(), b = Open();
  const std::vector<size_t> sizes(128, 1452);
  Outgoing out(Loopback(*b, Family::kV4), sizes);
  a->Send(out.batch);
  EXPECT_EQ(ReceiveSizes(*b, Family::kV4, 128), sizes);
  EXPECT_EQ(a->counters().sent_packets, 128u);
  EXPECT_EQ(a->counters().sends, 3u);  // 45 packets of 1452 are 65340 bytes.
}

TEST(Udp, SortsOneBatchOutToItsEndpoints) {
  auto a = Open(), b = Open(), c = Open();
  Outgoing out(Loopback(*b, Family::kV4), std::vector<size_t>(9, 500));
  for (size_t i = 0; i < 9; ++i) {
    if (i % 3 == 1) out.batch[i].endpoint = Loopback(*c, Family::kV4);
    if (i % 3 == 2) out.batch[i].endpoint = Loopback(*b, Family::kV6);
  }
  a->Send(out.batch);
  std::vector<uint8_t> b4, b6, c4;
  ReceiveSizes(*b, Family::kV4, 3, &b4);
  ReceiveSizes(*b, Family::kV6, 3, &b6);
  ReceiveSizes(*c, Family::kV4, 3, &c4);
  EXPECT_EQ(b4, (std::vector<uint8_t>{0, 3, 6}));
  EXPECT_EQ(c4, (std::vector<uint8_t>{1, 4, 7}));
  EXPECT_EQ(b6, (std::vector<uint8_t>{2, 5, 8}));
}

TEST(Udp, CountsAndSkipsWhatHasNoEndpointOfOurs) {
  auto a = Open();
  Outgoing out(net::Endpoint(), {10, 10});
  out.batch[1].endpoint = net::Endpoint::Relay(RelayId(900));
  a->Send(out.batch);
  EXPECT_EQ(a->counters().send_errors, 2u);
  EXPECT_EQ(a->counters().sent_packets, 0u);
}

TEST(Udp, WhatTheNetworkRefusesIsLostAndTheRestGoesOn) {
  auto a = Open(), b = Open();
  Outgoing out(Loopback(*b, Family::kV4), {10, 20, 30});
  // Broadcast needs a permission that these sockets do not ask for.
  out.batch[1].endpoint = {*net::IpAddress::Parse("255.255.255.255"), 9};
  a->Send(out.batch);
  EXPECT_EQ(ReceiveSizes(*b, Family::kV4, 2), (std::vector<size_t>{10, 30}));
  EXPECT_EQ(a->counters().send_errors, 1u);
}

TEST(Udp, CountsWhyPacketsWereRefused) {
  bool is_private = false;
  // The namespace is this thread's alone. In it even loopback is down.
  std::thread([&] {
    is_private = EnterPrivateNetwork();
    if (!is_private) return;
    auto a = Open();
    Outgoing out(Loopback(*a, Family::kV4), {10, 65536, 10});
    out.batch[2].endpoint = Loopback(*a, Family::kV6);
    a->Send(out.batch);
    EXPECT_EQ(a->counters().sent_packets, 0u);
    EXPECT_EQ(a->counters().unreachable, 2u);
    EXPECT_EQ(a->counters().too_long, 1u);
    EXPECT_EQ(a->counters().send_errors, 3u);
  }).join();
  if (!is_private) GTEST_SKIP() << "no private network here";
}

TEST(Udp, AsksRoutersToCutWhatIsTooLongForThem) {
  auto a = Open();
  int discovery = -1;
  socklen_t size = sizeof discovery;
  ASSERT_EQ(getsockopt(a->fd(Family::kV4), IPPROTO_IP, IP_MTU_DISCOVER,
                       &discovery, &size),
            0);
  EXPECT_EQ(discovery, IP_PMTUDISC_DONT);
}

TEST(Udp, WhatTheSystemShutIsOpenedAnewOnItsPort) {
  auto a = Open(), b = Open();
  const uint16_t port = a->port();
  EXPECT_FALSE(a->is_broken());
  // It says that there is no connection, and does it all the same.
  (void)shutdown(a->fd(Family::kV4), SHUT_WR);
  Outgoing out(Loopback(*b, Family::kV4), {10});
  for (int i = 0; i < 3; ++i) a->Send(out.batch);
  EXPECT_TRUE(a->is_broken());
  ASSERT_TRUE(a->Reopen().ok());
  EXPECT_FALSE(a->is_broken());
  EXPECT_EQ(a->port(), port);
  EXPECT_EQ(a->counters().send_errors, 3u) << "those of before count";
  a->Send(out.batch);
  net::Endpoint from;
  EXPECT_EQ(ReceiveSizes(*b, Family::kV4, 1, nullptr, &from).size(), 1u);
  EXPECT_EQ(from, Loopback(*a, Family::kV4));
}

TEST(Udp, WhatTheNetworkRefusesDoesNotBreakASocket) {
  auto a = Open();
  Outgoing out({*net::IpAddress::Parse("255.255.255.255"), 9}, {10});
  for (int i = 0; i < 100; ++i) a->Send(out.batch);
  EXPECT_EQ(a->counters().send_errors, 100u);
  EXPECT_FALSE(a->is_broken());
}

TEST(Udp, ATakenPortIsNamed) {
  auto a = Open();
  const auto second = Udp::Open({.port = a->port()});
  EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
  EXPECT_NE(second.status().message().find(std::to_string(a->port())),
            absl::string_view::npos);
}

TEST(Udp, BothFamiliesShareOnePortAndEitherMayBeLeftOut) {
  auto both = Open();
  EXPECT_NE(both->port(), 0);
  EXPECT_GE(both->fd(Family::kV4), 0);
  EXPECT_GE(both->fd(Family::kV6), 0);
  auto only = Open({.ipv4 = false});
  EXPECT_EQ(only->fd(Family::kV4), -1);
  EXPECT_TRUE(
      absl::IsUnavailable(Udp::Open({.ipv4 = false, .ipv6 = false}).status()));
}

}  // namespace
}  // namespace warren::client
