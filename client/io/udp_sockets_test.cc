#include "client/io/udp_sockets.h"

#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/io/udp.h"
#include "core/base/check.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

const net::IpAddress kLoopback = net::IpAddress::V4(0x7f000001);
constexpr uint16_t kFirst = 16;

// A node's extra sockets on a loop, and what came through them.
class UdpSocketsTest : public testing::Test {
 protected:
  UdpSocketsTest() {
    auto loop = io::EventLoop::Create();
    WARREN_CHECK(loop.ok());
    loop_ = *std::move(loop);
    sockets_ = std::make_unique<UdpSockets>(
        *loop_, [this](net::PacketBatch& batch) { OnReceived(batch); });
    auto peer = Udp::Open({.ipv6 = false});
    WARREN_CHECK(peer.ok());
    peer_ = *std::move(peer);
  }
  void OnReceived(net::PacketBatch& batch) {
    for (const net::Packet& packet : batch) {
      from_.push_back(packet.endpoint);
      sizes_.push_back(packet.size);
    }
    if (close_when_received_) sockets_->CloseAll();
  }
  net::Endpoint Peer(uint16_t socket) const {
    return net::Endpoint(kLoopback, peer_->port()).Through(socket);
  }
  net::Endpoint At(uint16_t socket) const {
    return {kLoopback, sockets_->Port(socket)};
  }
  net::PacketBatch Packets(const std::vector<net::Endpoint>& to,
                           uint32_t size = 100) {
    net::PacketBatch batch;
    net::Packet packet;
    packet.data = memory_.data();
    packet.size = size;
    for (const net::Endpoint& endpoint : to) {
      packet.endpoint = endpoint;
      batch.Add(packet);
    }
    return batch;
  }
  void Send(const std::vector<net::Endpoint>& to) {
    const net::PacketBatch batch = Packets(to);
    sockets_->Send({batch.begin(), batch.size()});
  }
  // Turns the loop until `n` packets came through the extra sockets, or for
  // five seconds.
  void RunUntilReceived(size_t n) {
    const Instant end = loop_->Now() + absl::Seconds(5);
    bool stopped = false;
    const auto stop = [&] {
      if (!std::exchange(stopped, true)) loop_->Stop();
    };
    loop_->SetDeadline([=] { return end; }, [&](Instant) { stop(); });
    loop_->SetTurnEnd([&] {
      if (from_.size() >= n) stop();
    });
    loop_->Run();
  }
  // Whose ports the next packets at the peer come from, on loopback already
  // there.
  std::vector<uint16_t> PortsSeenByPeer() {
    std::vector<uint16_t> ports;
    net::PacketBatch batch;
    Udp::ReceiveResult result;
    do {
      result = peer_->Receive(net::Family::kV4, batch);
      for (const net::Packet& p : batch) ports.push_back(p.endpoint.port());
    } while (result == Udp::ReceiveResult::kMore);
    return ports;
  }

  std::vector<uint8_t> memory_ = std::vector<uint8_t>(2048);
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<UdpSockets> sockets_;
  std::unique_ptr<Udp> peer_;
  std::vector<net::Endpoint> from_;
  std::vector<size_t> sizes_;
  bool close_when_received_ = false;
};

TEST_F(UdpSocketsTest, EachSendsFromAPortOfItsOwn) {
  EXPECT_EQ(sockets_->Open(kFirst, 256), 0u);
  std::vector<net::Endpoint> to;
  for (uint16_t i = 0; i < 128; ++i) {
    to.push_back(Peer(static_cast<uint16_t>(kFirst + 2 * i)));
  }
  Send(to);
  const std::vector<uint16_t> ports = PortsSeenByPeer();
  ASSERT_EQ(ports.size(), 128u);
  EXPECT_EQ(std::set<uint16_t>(ports.begin(), ports.end()).size(), 128u);
  EXPECT_EQ(ports[5], sockets_->Port(kFirst + 10));
}

TEST_F(UdpSocketsTest, WhatComesCarriesTheIndexOfItsSocket) {
  sockets_->Open(kFirst, 256);
  peer_->Send(Packets({At(kFirst + 3), At(kFirst + 255), At(kFirst + 3)}));
  RunUntilReceived(3);
  std::multiset<uint16_t> through;
  for (const net::Endpoint& from : from_) {
    through.insert(from.socket());
    EXPECT_EQ(from, Peer(from.socket()));
  }
  EXPECT_EQ(through,
            (std::multiset<uint16_t>{kFirst + 3, kFirst + 3, kFirst + 255}));
}

TEST_F(UdpSocketsTest, TrainsHoldPacketsOfOneSocketOnly) {
  sockets_->Open(kFirst, 2);
  Send({Peer(kFirst), Peer(kFirst), Peer(kFirst + 1), Peer(kFirst + 1)});
  EXPECT_EQ(sockets_->counters().sends, 2u);
  EXPECT_EQ(PortsSeenByPeer(),
            (std::vector<uint16_t>{
                sockets_->Port(kFirst), sockets_->Port(kFirst),
                sockets_->Port(kFirst + 1), sockets_->Port(kFirst + 1)}));
}

TEST_F(UdpSocketsTest, SharedBuffersLoseNothingOfSeveralTrains) {
  sockets_->Open(kFirst, 8);
  for (int i = 0; i < 4; ++i) {
    for (uint16_t s = 0; s < 8; ++s) {
      std::vector<net::Endpoint> train(60,
                                       At(static_cast<uint16_t>(kFirst + s)));
      peer_->Send(Packets(train));
    }
  }
  RunUntilReceived(4 * 8 * 60);
  std::vector<int> per_socket(8);
  for (const net::Endpoint& from : from_) ++per_socket[from.socket() - kFirst];
  EXPECT_EQ(per_socket, std::vector<int>(8, 240));
  EXPECT_EQ(std::count(sizes_.begin(), sizes_.end(), 100u), 4 * 8 * 60);
}

TEST_F(UdpSocketsTest, ClosedOnesAreGoneAndOthersStay) {
  sockets_->Open(kFirst, 4);
  const uint16_t port = sockets_->Port(kFirst + 2);
  sockets_->Close(kFirst, 2);
  sockets_->Close(kFirst + 3, 100);
  EXPECT_EQ(sockets_->num_open(), 1u);
  EXPECT_EQ(sockets_->Open(kFirst, 4), 0u);
  EXPECT_EQ(sockets_->Port(kFirst + 2), port);
  sockets_->CloseAll();
  Send({Peer(kFirst), Peer(kFirst)});
  EXPECT_EQ(sockets_->counters().send_errors, 2u);
  EXPECT_TRUE(PortsSeenByPeer().empty());
}

TEST_F(UdpSocketsTest, MayBeClosedByWhatItReceives) {
  sockets_->Open(kFirst, 2);
  close_when_received_ = true;
  peer_->Send(Packets(std::vector<net::Endpoint>(60, At(kFirst))));
  peer_->Send(Packets(std::vector<net::Endpoint>(60, At(kFirst))));
  peer_->Send(Packets(std::vector<net::Endpoint>(60, At(kFirst))));
  RunUntilReceived(1);
  EXPECT_EQ(sockets_->num_open(), 0u);
}

TEST_F(UdpSocketsTest, OpensNoMoreThanItsLimit) {
  constexpr auto kMax = static_cast<uint16_t>(UdpSockets::kMaxSockets);
  EXPECT_EQ(sockets_->Open(1, kMax + 10), 10u);
  EXPECT_EQ(sockets_->Open(0, 1), 1u) << "0 is the main socket";
  EXPECT_EQ(sockets_->Open(65535, 2), 2u);
  EXPECT_EQ(sockets_->num_open(), UdpSockets::kMaxSockets);
}

TEST_F(UdpSocketsTest, LeavesDescriptorsForOthers) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const size_t missing = sockets_->Open(kFirst, 256);
  EXPECT_GE(missing, 120u);
  EXPECT_LT(missing, 240u);
  EXPECT_EQ(sockets_->num_open(), 256 - missing);
  EXPECT_TRUE(Udp::Open({}).ok());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(UdpSocketsTest, HasNoWayToIpv6) {
  sockets_->Open(kFirst, 1);
  Send({net::Endpoint(*net::IpAddress::Parse("::1"), 9).Through(kFirst),
        Peer(kFirst)});
  EXPECT_EQ(sockets_->counters().send_errors, 1u);
  EXPECT_EQ(PortsSeenByPeer().size(), 1u);
}

}  // namespace
}  // namespace warren::client
