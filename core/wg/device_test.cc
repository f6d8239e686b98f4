#include "core/wg/device.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/hex.h"
#include "core/wg/test_rng.h"
#include "core/wg/test_world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two devices that know each other, and their addresses inside.
constexpr char kA[] = "100.64.0.1";
constexpr char kB[] = "100.64.0.2";

struct TwoDevices : ::testing::Test {
  TwoDevices() { world.Link(a, "100.64.0.1/32", b, "100.64.0.2/32"); }
  void Establish() {
    a.Send(kA, kB, "hello");
    world.Settle();
    b.inbox.clear();
  }
  // The datagram that `inner` becomes on its way from a; it is not delivered.
  Datagram Sealed(Bytes inner) {
    world.fate = [](const Datagram&) { return std::vector<absl::Duration>(); };
    a.Send(inner);
    world.fate = nullptr;
    return world.sent.back().second;
  }

  World world;
  Node& a = world.Add(0x00, "192.0.2.1:1000");
  Node& b = world.Add(0x20, "192.0.2.2:2000");
  const PeerIndex a_at_b = 0;
  const PeerIndex b_at_a = 0;
};

TEST(DeviceVectors, ADeviceSendsWhatTheSpecsShow) {
  // Jitter seed, index, ephemeral: what a device draws, in this order.
  ScriptedRng rng_a, rng_b;
  rng_a.ThenRun(1, 8).ThenIndex(0x11223344).ThenRun(0xc0);
  rng_b.ThenRun(1, 8).ThenIndex(0x55667788).ThenRun(0xe0);
  World world;
  const absl::Duration unix =
      absl::Seconds(1700000000) + absl::Nanoseconds(123456789);
  Device a({}, rng_a, world.now, unix), b({}, rng_b, world.now, unix);
  ScriptedRng keys;
  keys.ThenRun(0x00).ThenRun(0x20);
  a.SetPrivateKey(world.now, crypto::NodePrivateKey::Generate(keys));
  b.SetPrivateKey(world.now, crypto::NodePrivateKey::Generate(keys));
  const auto at = *net::Endpoint::Parse("192.0.2.7:41641");
  PeerConfig config;
  config.key = b.private_key()->public_key();
  config.endpoint = at;
  config.allowed_ips = {*net::IpPrefix::Parse("100.64.0.2/32")};
  ASSERT_TRUE(a.AddPeer(world.now, std::move(config)).ok());
  config = {};
  config.key = a.private_key()->public_key();
  ASSERT_TRUE(b.AddPeer(world.now, std::move(config)).ok());

  const auto next_of = [](Device& device) {
    net::PacketBatch batch;
    device.PollTransmit(batch);
    EXPECT_EQ(batch.size(), 1u);
    return ToHex(batch[0].bytes());
  };
  const auto give = [&](Device& device, const std::string& hex) {
    Buffer buffer(*ParseHex(hex));
    buffer.packet().endpoint = at;
    net::PacketBatch in, out;
    in.Add(buffer.packet());
    device.Open(world.now, in, out);
  };
  a.StartHandshake(world.now, 0);
  const std::string initiation = next_of(a);
  EXPECT_EQ(initiation,
            "0100000044332211dc2cca31e8e43bbd91dff7e475cca3347eb478107d5bd765"
            "aba4ae4a30c35d44a74f2d1517bfbaa0e8b59358905f692df7f4e10982458ad4"
            "0879215fc59dd309a1ce554f6ecd4695ae5b43c6bca3482b22d742bdb48cfe22"
            "22c73868faa74d539d6612c0d453f4c3ad1b3ce0fa9057c20ad04ed582a6d8bf"
            "eb1cea0000000000000000000000000000000000");
  give(b, initiation);
  const std::string response = next_of(b);
  EXPECT_EQ(response,
            "020000008877665544332211736845d54e87de09d6bb114aa7042c50a4a015bd"
            "9901d1a0026f5956533a15190b812529bb1eee80002857cb7422d5fc955eaf78"
            "03b78d6d50507c7e93b0370000000000000000000000000000000000");
  give(a, response);
  EXPECT_EQ(next_of(a),
            "040000008877665500000000000000003cb47f55070fe57111508fc4eaac75c7");

  Buffer ping(
      *ParseHex("4500001d000000004063b1fb6440000164400002700102030405060708"));
  net::PacketBatch plain, to_send;
  plain.Add(ping.packet());
  a.Seal(world.now, plain, to_send);
  ASSERT_EQ(to_send.size(), 1u);
  EXPECT_EQ(ToHex(to_send[0].bytes()),
            "040000008877665501000000000000004d94645d5dc996173e8040c4f55255f7"
            "48c377fbbf3fbb6e34b19d9b889b3e4c42953b5a71a5ff0d2eac10bda27c9994");
}

TEST_F(TwoDevices, DeliverWhatWasSentBeforeThereWasASession) {
  a.Send(kA, kB, "first");
  a.Send(kA, kB, "second");
  world.Settle();
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "first"),
                                   InnerPacket(kA, kB, "second")));
  EXPECT_EQ(world.CountSent(a, 1), 1u);
  EXPECT_EQ(world.CountSent(b, 2), 1u);
  EXPECT_EQ(a.Count<SessionEstablished>(), 1u);
  EXPECT_EQ(b.Count<SessionEstablished>(), 1u);
}

TEST_F(TwoDevices, ExchangePacketsBothWaysWithTheirPeerNamed) {
  Establish();
  a.Send(kA, kB, "ping");
  world.Settle();
  ASSERT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "ping")));
  EXPECT_EQ(b.inbox_packets.back().peer, a_at_b);
  EXPECT_EQ(b.inbox_packets.back().endpoint, a.endpoint);
  b.Send(kB, kA, "pong");
  world.Settle();
  EXPECT_THAT(a.inbox, ElementsAre(InnerPacket(kB, kA, "pong")));
}

TEST_F(TwoDevices, TellTheirStateLikeWgShow) {
  Establish();
  const PeerInfo info = *a.device.Info(b_at_a);
  EXPECT_EQ(info.key, b.key());
  EXPECT_EQ(info.endpoint, b.endpoint);
  EXPECT_TRUE(info.has_session);
  EXPECT_EQ(info.last_handshake, absl::Seconds(1700000000));
  EXPECT_EQ(info.rx_bytes, 92u);
  EXPECT_EQ(info.tx_bytes, 148u + 32 + 32);  // "hello" in 25 bytes, padded
  EXPECT_THAT(info.allowed_ips,
              ElementsAre(*net::IpPrefix::Parse("100.64.0.2/32")));
}

TEST_F(TwoDevices, NeedTheSamePresharedKey) {
  std::array<uint8_t, 32> secret;
  secret.fill(9);
  a.device.SetPresharedKey(b_at_a, crypto::PresharedKey(secret));
  a.Send(kA, kB, "early");
  world.Settle();
  EXPECT_THAT(b.inbox, IsEmpty());
  EXPECT_EQ(a.dropped(Drop::kBadHandshake), 1u);
  b.device.SetPresharedKey(a_at_b, crypto::PresharedKey(secret));
  world.RunFor(absl::Seconds(6));
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "early")));
}

TEST_F(TwoDevices, AgreeWhenBothBeginAtOnce) {
  a.Send(kA, kB, "from a");
  b.Send(kB, kA, "from b");
  world.Settle();
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "from a")));
  EXPECT_THAT(a.inbox, ElementsAre(InnerPacket(kB, kA, "from b")));
  world.RunFor(absl::Minutes(1));
  EXPECT_EQ(world.CountSent(a, 1) + world.CountSent(b, 1), 2u);
}

TEST_F(TwoDevices, StageTheNewest128Packets) {
  for (int i = 0; i < 200; ++i) a.Send(kA, kB, std::to_string(i));
  world.Settle();
  ASSERT_THAT(b.inbox, SizeIs(128));
  EXPECT_EQ(b.inbox.front(), InnerPacket(kA, kB, "72"));
  EXPECT_EQ(b.inbox.back(), InnerPacket(kA, kB, "199"));
  EXPECT_EQ(a.dropped(Drop::kStageFull), 72u);
}

TEST_F(TwoDevices, PadTo16ButNotBeyondTheMtu) {
  Establish();
  for (const auto& [inner, outer] :
       std::vector<std::pair<size_t, size_t>>{{20, 64},
                                              {32, 64},
                                              {33, 80},
                                              {1408, 1440},
                                              {1409, 1452},
                                              {1420, 1452},
                                              {1500, 1532}}) {
    const auto packet = InnerPacket(kA, kB, std::string(inner - 20, 'x'));
    EXPECT_EQ(Sealed(packet).bytes.size(), outer) << inner;
    world.nodes[1]->Receive(world.sent.back().second);
    EXPECT_EQ(b.inbox.back(), packet) << "cut to its length again";
  }
}

TEST_F(TwoDevices, CarryBatchesInOrder) {
  Establish();
  std::vector<Buffer> buffers;
  net::PacketBatch plain, sealed, opened;
  for (size_t i = 0; i < net::PacketBatch::kMaxPackets; ++i) {
    buffers.emplace_back(InnerPacket(kA, kB, std::to_string(i)));
    plain.Add(buffers.back().packet());
  }
  a.device.Seal(world.now, plain, sealed);
  EXPECT_TRUE(plain.empty());
  ASSERT_TRUE(sealed.full());
  for (net::Packet& packet : sealed) packet.endpoint = a.endpoint;
  b.device.Open(world.now, sealed, opened);
  EXPECT_TRUE(sealed.empty());
  ASSERT_TRUE(opened.full());
  for (size_t i = 0; i < opened.size(); ++i) {
    EXPECT_EQ(Octets(opened[i].bytes().begin(), opened[i].bytes().end()),
              InnerPacket(kA, kB, std::to_string(i)));
    EXPECT_THAT(opened[i].headroom, Ge(net::kSealHeadroom));
    EXPECT_THAT(opened[i].tailroom, Ge(net::kSealTailroom));
  }
}

TEST_F(TwoDevices, DoNotSendToPeersWithoutAnEndpointAddressOrRoom) {
  Establish();
  a.Send(kA, "100.64.0.9", "nobody");
  EXPECT_EQ(a.dropped(Drop::kNoPeer), 1u);
  a.Send(Octets{0x45, 0, 0});
  EXPECT_EQ(a.dropped(Drop::kMalformed), 1u);
  Buffer tight(InnerPacket(kA, kB, "x"));
  tight.packet().tailroom = 26;
  net::PacketBatch plain, to_send;
  plain.Add(tight.packet());
  a.device.Seal(world.now, plain, to_send);
  EXPECT_TRUE(to_send.empty());
  EXPECT_EQ(a.dropped(Drop::kNoRoom), 1u);
  a.device.SetEndpoint(b_at_a, net::Endpoint());
  a.Send(kA, kB, "whither");
  EXPECT_EQ(a.dropped(Drop::kNoEndpoint), 1u);
}

TEST_F(TwoDevices, DropReplayedForgedAndForeignData) {
  Establish();
  const Datagram good = Sealed(InnerPacket(kA, kB, "once"));
  b.Receive(good);
  b.Receive(good);
  EXPECT_THAT(b.inbox, SizeIs(1));
  EXPECT_EQ(b.dropped(Drop::kReplayed), 1u);
  const Datagram other = Sealed(InnerPacket(kA, kB, "twice"));
  for (size_t i = 4; i < other.bytes.size(); ++i) {
    Datagram bad = other;
    bad.bytes[i] ^= 1;
    b.Receive(bad);
  }
  EXPECT_EQ(b.dropped(Drop::kUnknownIndex), 4u);
  EXPECT_EQ(b.dropped(Drop::kForged) + b.dropped(Drop::kReplayed),
            1 + other.bytes.size() - 8);
  b.Receive(other);
  EXPECT_THAT(b.inbox, SizeIs(2)) << "a forgery must not use up the counter";
}

TEST_F(TwoDevices, DropInnerPacketsThatAreBadOrNotTheSenders) {
  Establish();
  const PeerIndex to_b = b_at_a;
  const auto deliver = [&](Octets inner) {
    // `peer` named, and a length that the sender's own check passes.
    Buffer buffer(inner);
    buffer.packet().peer = to_b;
    net::PacketBatch plain, sealed;
    plain.Add(buffer.packet());
    a.device.Seal(world.now, plain, sealed);
    ASSERT_EQ(sealed.size(), 1u);
    b.Receive({a.endpoint, b.endpoint,
               Octets(sealed[0].data, sealed[0].data + sealed[0].size)});
  };
  deliver(InnerPacket("100.64.0.3", kB, "not mine"));
  EXPECT_EQ(b.dropped(Drop::kSourceNotPeer), 1u);
  deliver(InnerPacket("fd7a::1", "fd7a::2", "no v6 here"));
  EXPECT_EQ(b.dropped(Drop::kSourceNotPeer), 2u);
  PeerConfig third;
  third.key = *crypto::NodeKey::ParseHex(std::string(64, 'a'));
  third.allowed_ips = {*net::IpPrefix::Parse("100.64.0.3/32")};
  ASSERT_TRUE(b.device.AddPeer(world.now, std::move(third)).ok());
  deliver(InnerPacket("100.64.0.3", kB, "another's"));
  EXPECT_EQ(b.dropped(Drop::kSourceNotPeer), 3u);
  EXPECT_THAT(b.inbox, IsEmpty());
  // The source decides, not the destination.
  deliver(InnerPacket(kA, "203.0.113.1", "through"));
  EXPECT_THAT(b.inbox, SizeIs(1));
}

TEST_F(TwoDevices, NeedAPrivateKey) {
  Establish();
  a.device.SetPrivateKey(world.now, std::nullopt);
  a.Send(kA, kB, "mute");
  EXPECT_EQ(a.dropped(Drop::kNoPrivateKey), 1u);
  b.Send(kB, kA, "deaf");
  world.Settle();
  EXPECT_THAT(a.inbox, IsEmpty());
  EXPECT_EQ(a.device.private_key(), nullptr);
}

TEST_F(TwoDevices, KeepTheSessionWhenTheSameKeyIsSetAgain) {
  Establish();
  a.device.SetPrivateKey(world.now, a.device.private_key()->Clone());
  EXPECT_TRUE(a.device.Info(b_at_a)->has_session);
  ScriptedRng rng;
  a.device.SetPrivateKey(world.now,
                         crypto::NodePrivateKey::Generate(rng.ThenRun(0x60)));
  EXPECT_FALSE(a.device.Info(b_at_a)->has_session);
}

TEST_F(TwoDevices, MakeSessionsWithANewKey) {
  Establish();
  ScriptedRng rng;
  a.device.SetPrivateKey(world.now,
                         crypto::NodePrivateKey::Generate(rng.ThenRun(0x60)));
  PeerConfig config;
  config.key = a.key();
  config.allowed_ips = {*net::IpPrefix::Parse("100.64.0.1/32")};
  const PeerIndex renewed = *b.device.AddPeer(world.now, std::move(config));
  world.RunFor(absl::Seconds(6));
  a.Send(kA, kB, "as somebody else");
  world.Settle();
  ASSERT_THAT(b.inbox, SizeIs(1));
  EXPECT_EQ(b.inbox_packets.back().peer, renewed);
}

TEST_F(TwoDevices, SendNothingToARemovedPeer) {
  a.device.StartHandshake(world.now, b_at_a);
  a.device.RemovePeer(b_at_a);
  net::PacketBatch out;
  a.device.PollTransmit(out);
  EXPECT_TRUE(out.empty());
}

TEST_F(TwoDevices, TellOnlyTheLastOfSeveralMovesOfAPeer) {
  Establish();
  std::vector<Buffer> buffers;
  net::PacketBatch datagrams, plain;
  for (const char* from : {"198.51.100.1:1", "198.51.100.2:2"}) {
    const Datagram sealed = Sealed(InnerPacket(kA, kB, from));
    buffers.emplace_back(sealed.bytes).packet().endpoint =
        *net::Endpoint::Parse(from);
  }
  for (Buffer& buffer : buffers) datagrams.Add(buffer.packet());
  b.events.clear();
  b.device.Open(world.now, datagrams, plain);
  b.Drain();
  ASSERT_EQ(b.Count<PeerAuthenticated>(), 1u);
  EXPECT_EQ(std::get<PeerAuthenticated>(b.events.front()).endpoint,
            *net::Endpoint::Parse("198.51.100.2:2"));
}

TEST_F(TwoDevices, MayEndASessionInTheMiddleOfABatch) {
  Establish();
  const Octets inner = InnerPacket(kA, kB, "x");
  std::vector<Buffer> buffers;
  buffers.emplace_back(Sealed(inner).bytes);
  buffers.emplace_back(Sealed(inner).bytes);
  world.RunFor(absl::Seconds(6));
  a.device.StartHandshake(world.now, b_at_a);  // Those are `previous` at b,
  a.Drain();
  world.RunFor(absl::Seconds(6));
  world.fate = [](const Datagram&) { return std::vector<absl::Duration>(); };
  a.device.StartHandshake(world.now, b_at_a);  // and this takes their place.
  a.Drain();
  buffers.emplace_back(world.sent.back().second.bytes);
  net::PacketBatch datagrams, plain;
  for (const size_t i : {0, 2, 1}) {
    buffers[i].packet().endpoint = a.endpoint;
    datagrams.Add(buffers[i].packet());
  }
  b.device.Open(world.now, datagrams, plain);
  EXPECT_EQ(b.device.counters().responses_sent, 3u);
  EXPECT_EQ(plain.size(), 1u);
  EXPECT_EQ(b.dropped(Drop::kUnknownIndex), 1u);
}

TEST_F(TwoDevices, ForgetARemovedPeer) {
  Establish();
  const Datagram late = Sealed(InnerPacket(kA, kB, "late"));
  EXPECT_TRUE(b.device.RemovePeer(a_at_b));
  b.Receive(late);
  EXPECT_EQ(b.dropped(Drop::kUnknownIndex), 1u);
  EXPECT_FALSE(b.device.RemovePeer(a_at_b));
  EXPECT_EQ(b.device.Info(a_at_b), std::nullopt);
  EXPECT_TRUE(b.device.Next().at.IsNever());
  PeerConfig again;
  again.key = a.key();
  EXPECT_EQ(*b.device.AddPeer(world.now, std::move(again)), a_at_b + 1)
      << "an index is never reused";
}

TEST_F(TwoDevices, RefuseBadPeers) {
  const auto add = [&](const crypto::NodeKey& key) {
    PeerConfig config;
    config.key = key;
    return a.device.AddPeer(world.now, std::move(config)).status().code();
  };
  EXPECT_EQ(add(b.key()), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(add(a.key()), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(add(crypto::NodeKey()), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(a.device.AddAllowedIp(77, net::IpPrefix()).code(),
            absl::StatusCode::kNotFound);
}

TEST_F(TwoDevices, MoveAPrefixToThePeerThatGotItLast) {
  PeerConfig config;
  config.key = *crypto::NodeKey::ParseHex(std::string(64, 'a'));
  config.allowed_ips = {*net::IpPrefix::Parse("100.64.0.2/32"),
                        *net::IpPrefix::Parse("10.0.0.0/8")};
  const PeerIndex third = *a.device.AddPeer(world.now, std::move(config));
  EXPECT_EQ(a.device.PeerFor(*net::IpAddress::Parse(kB)), third);
  EXPECT_THAT(a.device.Info(b_at_a)->allowed_ips, IsEmpty());
  const net::IpPrefix back[] = {*net::IpPrefix::Parse("100.64.0.2/32")};
  ASSERT_TRUE(a.device.SetAllowedIps(b_at_a, back).ok());
  EXPECT_EQ(a.device.PeerFor(*net::IpAddress::Parse(kB)), b_at_a);
  EXPECT_THAT(a.device.Info(third)->allowed_ips, SizeIs(1));
}

}  // namespace
}  // namespace warren::wg
