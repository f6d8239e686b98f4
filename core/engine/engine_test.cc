#include "core/engine/engine.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "core/base/hex.h"
#include "core/crypto/box.h"
#include "core/disco/disco.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::warren::testing::At;
using ::warren::testing::Ip;
using ::warren::testing::Net;

const RelayId kRelay(1);
const NodeId kPeer(2);
const net::Endpoint kPeerAddress = At("198.51.100.2:41641");
constexpr absl::Duration kUnixNow = absl::Hours(490'000);

struct Sent {
  net::Endpoint to;
  std::vector<uint8_t> bytes;
};

// An engine with one peer, whose keys the test holds: it can say anything that
// the peer could say beside WireGuard.
class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    engine_.OnLinkChange(now_, {{Ip("192.0.2.1")}, 41641, 0});
    Drain();
  }

  netmap::Netmap MakeNetmap(uint64_t version = 1) {
    netmap::Netmap netmap;
    netmap.version = version;
    netmap.self.id = NodeId(1);
    netmap.self.node_key = engine_.node_key();
    netmap.self.addresses = {Ip("100.64.0.1")};
    netmap::Node& peer = netmap.peers[kPeer];
    peer.id = kPeer;
    peer.name = "peer";
    peer.node_key = peer_node_.public_key();
    peer.disco_key = peer_disco_.public_key();
    peer.addresses = {Ip("100.64.0.2")};
    peer.allowed_ips = {Net("100.64.0.2/32")};
    peer.home_relay = kRelay;
    derp::RelayRegion& region = netmap.relay_map.regions.emplace_back();
    region.id = kRelay;
    region.nodes.emplace_back().hostname = "relay.example";
    return netmap;
  }
  void Start() {
    ASSERT_TRUE(engine_.OnNetmap(now_, MakeNetmap()).ok());
    engine_.OnRelayConnected(now_, kRelay);
    Drain();
    sent_.clear();
  }

  void Drain() {
    while (true) {
      net::PacketBatch batch;
      engine_.PollTransmit(batch);
      if (batch.empty()) break;
      Keep(batch);
    }
    while (auto event = engine_.PollEvent()) events_.push_back(*event);
  }
  void Keep(const net::PacketBatch& batch) {
    for (const net::Packet& p : batch) {
      sent_.push_back({p.endpoint, {p.data, p.data + p.size}});
    }
  }
  // The app sends an IPv4 packet, given without head- and tailroom.
  void FromApp(std::vector<uint8_t> packet) {
    packet.insert(packet.begin(), 64, 0);
    packet.insert(packet.end(), 64, 0);
    net::PacketBatch plain;
    net::Packet& p = plain.Add({});
    p.data = packet.data() + 64;
    p.size = static_cast<uint32_t>(packet.size() - 128);
    p.headroom = p.tailroom = 64;
    net::PacketBatch to_send;
    engine_.FromTun(now_, plain, to_send);
    Keep(to_send);
    Drain();
  }
  // The peer says `message`, from a UDP address or by relay.
  void FromPeer(const disco::Message& message, const net::Endpoint& from) {
    Receive(Sealed(peer_disco_, message), from);
  }
  std::vector<uint8_t> Sealed(const crypto::DiscoPrivateKey& key,
                              const disco::Message& message) {
    const auto box = crypto::BoxSharedKey::Create(key, engine_.disco_key());
    return disco::Seal(message, key.public_key(), *box, rng_);
  }
  void Receive(std::vector<uint8_t> bytes, const net::Endpoint& from) {
    net::PacketBatch in;
    net::PacketBatch to_tun;
    net::Packet& p = in.Add({});
    p.data = bytes.data();
    p.size = static_cast<uint32_t>(bytes.size());
    p.endpoint = from;
    if (from.IsRelay()) {
      p.peer = engine_.FindPeer(peer_node_.public_key());
      engine_.FromRelay(now_, from.relay(), in, to_tun);
    } else {
      engine_.FromUdp(now_, in, to_tun);
    }
    EXPECT_TRUE(to_tun.empty());
    Drain();
  }
  // The disco messages sent to the peer since the last look, and where to.
  std::vector<std::pair<disco::Message, net::Endpoint>> DiscoSent() {
    const auto box =
        crypto::BoxSharedKey::Create(peer_disco_, engine_.disco_key());
    std::vector<std::pair<disco::Message, net::Endpoint>> found;
    for (const Sent& sent : sent_) {
      const auto message = disco::Open(sent.bytes, *box);
      if (message.ok()) found.emplace_back(*message, sent.to);
    }
    sent_.clear();
    return found;
  }
  template <class T>
  std::vector<net::Endpoint> SentTo() {
    std::vector<net::Endpoint> to;
    for (const auto& [message, endpoint] : DiscoSent()) {
      if (std::holds_alternative<T>(message)) to.push_back(endpoint);
    }
    return to;
  }
  uint64_t Dropped(Drop drop) { return engine_.counters().dropped(drop); }
  void Advance(absl::Duration by) {
    for (const Instant until = now_ + by; now_ < until;) {
      now_ = std::clamp(engine_.Next().at, now_, until);
      engine_.OnTimeout(now_);
      Drain();
    }
  }

  SeededRng rng_{1};
  Instant now_ = Instant::FromEpoch(absl::Seconds(1));
  crypto::NodePrivateKey peer_node_ = crypto::NodePrivateKey::Generate(rng_);
  crypto::DiscoPrivateKey peer_disco_ = crypto::DiscoPrivateKey::Generate(rng_);
  Engine engine_{
      {crypto::NodePrivateKey::Generate(rng_)}, rng_, now_, kUnixNow};
  std::vector<Sent> sent_;
  std::vector<EngineEvent> events_;
};

// An IPv4 packet of protocol 253 to `to`.
std::vector<uint8_t> PacketTo(const char* to, uint8_t protocol = 253) {
  ByteWriter w;
  w.U16(0x4500).U16(28).U32(0).U8(64).U8(protocol).U16(0).U32(0x64400001);
  w.Append(Ip(to).bytes()).Zeros(8);
  return std::move(w).Take();
}

TEST_F(EngineTest, PassesNothingBeforeTheFirstNetmap) {
  FromApp(PacketTo("100.64.0.2"));
  EXPECT_EQ(Dropped(Drop::kNotRunning), 1u);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(EngineTest, CountsWhyItDropsWhatTheAppSends) {
  Start();
  FromApp(PacketTo("100.64.0.3"));
  EXPECT_EQ(Dropped(Drop::kNoPeer), 1u);
  FromApp(PacketTo("224.0.0.251"));
  EXPECT_EQ(Dropped(Drop::kMulticast), 1u);
  FromApp(PacketTo("169.254.3.4"));
  EXPECT_EQ(Dropped(Drop::kLinkLocal), 1u);
  FromApp(PacketTo("100.64.0.2", 99));
  EXPECT_EQ(Dropped(Drop::kTsmpFromTun), 1u);
  FromApp({0x45, 0, 0});
  EXPECT_EQ(Dropped(Drop::kMalformed), 1u);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(EngineTest, StartsAHandshakeByRelayAtOnce) {
  Start();
  FromApp(PacketTo("100.64.0.2"));
  ASSERT_FALSE(sent_.empty());
  EXPECT_THAT(sent_,
              Contains(::testing::Field(&Sent::bytes, ::testing::SizeIs(148))));
  EXPECT_TRUE(
      std::ranges::all_of(sent_, [](const Sent& s) { return s.to.IsRelay(); }));
}

// What may have been lost is not waited for: each of these makes a handshake
// message follow within the second, where WireGuard alone would take five.
TEST_F(EngineTest, RepeatsAHandshakeSoonWhenTheWayToThePeerOpens) {
  const auto initiations = [&] {
    return std::ranges::count_if(
        sent_, [](const Sent& s) { return s.bytes.size() == 148; });
  };
  const auto home = [&](RelayId relay) {
    netmap::Netmap netmap = MakeNetmap(engine_.netmap()->version + 1);
    netmap.peers[kPeer].home_relay = relay;
    ASSERT_TRUE(engine_.OnNetmap(now_, netmap).ok());
  };
  Start();
  home(RelayId());
  FromApp(PacketTo("100.64.0.2"));
  Advance(absl::Seconds(1));
  EXPECT_EQ(initiations(), 0) << "there is no way";
  home(kRelay);
  Advance(absl::Seconds(1));
  EXPECT_EQ(initiations(), 1) << "the peer has told its home";
  engine_.OnRelayDisconnected(now_, kRelay);
  engine_.OnRelayConnected(now_, kRelay);
  Advance(absl::Seconds(1));
  EXPECT_EQ(initiations(), 2) << "we are connected again";
  engine_.OnRelayPeerGone(now_, kRelay, peer_node_.public_key());
  Advance(absl::Seconds(1));
  EXPECT_EQ(initiations(), 3) << "it was not there; it may be coming";
}

TEST_F(EngineTest, RefusesANetmapForAnotherNodeKey) {
  netmap::Netmap other = MakeNetmap();
  other.self.node_key = peer_node_.public_key();
  const absl::Status status = engine_.OnNetmap(now_, other);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(engine_.netmap(), nullptr);
}

TEST_F(EngineTest, AsksForAFullNetmapWhenADiffDoesNotFit) {
  netmap::NetmapDiff diff;
  diff.from_version = diff.to_version = 1;
  EXPECT_EQ(engine_.OnNetmapDiff(now_, diff).code(),
            absl::StatusCode::kFailedPrecondition);
  Start();
  EXPECT_TRUE(engine_.OnNetmapDiff(now_, diff).ok());
  diff.from_version = 5;
  EXPECT_EQ(engine_.OnNetmapDiff(now_, diff).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(engine_.peers(), SizeIs(1));
}

TEST_F(EngineTest, CutsEverythingWhenOurKeyExpires) {
  netmap::Netmap netmap = MakeNetmap();
  netmap.self.key_expiry = kUnixNow + absl::Hours(1);
  ASSERT_TRUE(engine_.OnNetmap(now_, netmap).ok());
  EXPECT_THAT(engine_.peers(), SizeIs(1));
  Advance(absl::Hours(1));
  EXPECT_THAT(engine_.peers(), IsEmpty());
  EXPECT_THAT(engine_.health(), Contains(Warning::kKeyExpired));
  FromApp(PacketTo("100.64.0.2"));
  EXPECT_EQ(Dropped(Drop::kNotRunning), 1u);
  netmap.version = 2;
  netmap.self.key_expiry = kUnixNow + absl::Hours(5);
  ASSERT_TRUE(engine_.OnNetmap(now_, netmap).ok());
  EXPECT_THAT(engine_.peers(), SizeIs(1));
}

TEST_F(EngineTest, CutsAPeerWhoseKeyExpires) {
  netmap::Netmap netmap = MakeNetmap();
  netmap.peers[kPeer].key_expiry = kUnixNow + absl::Hours(1);
  ASSERT_TRUE(engine_.OnNetmap(now_, netmap).ok());
  engine_.OnRelayConnected(now_, kRelay);
  Advance(absl::Seconds(30));
  EXPECT_EQ(engine_.Next().reason, Wake::kKeyExpiry);
  Advance(absl::Hours(1));
  EXPECT_THAT(engine_.peers(), IsEmpty());
  // By a clock that was wrong; the server says it is earlier.
  engine_.OnUnixTime(now_, kUnixNow);
  EXPECT_THAT(engine_.peers(), SizeIs(1));
}

TEST_F(EngineTest, AnswersAPingWhereItCameFrom) {
  Start();
  FromPeer(disco::Ping{{1}, peer_node_.public_key(), 0}, kPeerAddress);
  const auto sent = DiscoSent();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent[0].first, disco::Message(disco::Pong{{1}, kPeerAddress}));
  EXPECT_EQ(sent[0].second, kPeerAddress);
  FromPeer(disco::Ping{{2}, peer_node_.public_key(), 0},
           net::Endpoint::Relay(kRelay));
  EXPECT_THAT(SentTo<disco::Pong>(), ElementsAre(net::Endpoint::Relay(kRelay)));
}

TEST_F(EngineTest, DoesNotTrustAnAddressForAPingFromIt) {
  Start();
  FromPeer(disco::Ping{{1}, peer_node_.public_key(), 0}, kPeerAddress);
  EXPECT_EQ(engine_.peer(kPeer)->path.kind, PathKind::kRelay);
}

TEST_F(EngineTest, GoesDirectForAPongToItsOwnPingAlone) {
  Start();
  FromPeer(disco::Pong{{7}, At("192.0.2.1:1")}, kPeerAddress);
  EXPECT_EQ(engine_.peer(kPeer)->path.kind, PathKind::kRelay);
  FromPeer(disco::Ping{{1}, peer_node_.public_key(), 0}, kPeerAddress);
  for (const auto& [message, to] : DiscoSent()) {
    if (const auto* ping = std::get_if<disco::Ping>(&message)) {
      EXPECT_EQ(ping->node_key, engine_.node_key());
      FromPeer(disco::Pong{ping->txid, At("192.0.2.1:41641")}, kPeerAddress);
    }
  }
  EXPECT_EQ(engine_.peer(kPeer)->path, (Path{PathKind::kDirect, kPeerAddress}));
}

TEST_F(EngineTest, AnswersThroughTheSocketAPingCameBy) {
  Start();
  const net::Endpoint by_16 = kPeerAddress.Through(16);
  FromPeer(disco::Ping{{1}, peer_node_.public_key(), 0}, by_16);
  const auto sent = DiscoSent();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].first, disco::Message(disco::Pong{{1}, kPeerAddress}));
  for (const auto& [message, to] : sent) EXPECT_EQ(to, by_16);
  const auto& ping = std::get<disco::Ping>(sent[1].first);
  FromPeer(disco::Pong{ping.txid, At("192.0.2.1:41641")}, by_16);
  EXPECT_EQ(engine_.peer(kPeer)->path.endpoint, by_16);
}

TEST_F(EngineTest, SendsStrangersNoMoreThanItsBudgetForAnEvilPeer) {
  Start();
  for (uint32_t i = 0; i < 200; ++i, now_ += absl::Milliseconds(10)) {
    disco::CallMeMaybe call;
    for (uint32_t n = 0; n < disco::kMaxEndpoints; ++n) {
      call.endpoints.emplace_back(net::IpAddress::V4(0xcb007100 + n), 53);
    }
    FromPeer(call, net::Endpoint::Relay(kRelay));
    disco::Ping ping{{}, peer_node_.public_key(), 0};
    StoreBe32(ping.txid.data(), i);
    FromPeer(ping, {net::IpAddress::V4(0xcb007200 + i), 53});
  }
  size_t bytes = 0;
  for (const Sent& sent : sent_) bytes += sent.bytes.size();
  // 2 s of pings of 124 bytes and pongs of 110.
  EXPECT_LE(bytes, (128 + 2 * 20) * 124 + (128 + 2 * 50) * 110u);
}

TEST_F(EngineTest, TakesAJumpOfTheClockForAChangeOfTheNetwork) {
  for (const bool slept : {false, true}) {
    Start();
    ASSERT_TRUE(engine_.PingPath(now_, kPeer).ok());
    FromPeer(disco::Ping{{slept}, peer_node_.public_key(), 0}, kPeerAddress);
    for (const auto& [message, to] : DiscoSent()) {
      const auto* ping = std::get_if<disco::Ping>(&message);
      if (ping != nullptr) FromPeer(disco::Pong{ping->txid, to}, to);
    }
    Advance(absl::Seconds(1));
    sent_.clear();
    now_ = engine_.Next().at + absl::Seconds(slept ? 6 : 1);
    engine_.OnTimeout(now_);
    Drain();
    EXPECT_EQ(SentTo<disco::CallMeMaybe>().size(), slept ? 1u : 0u);
  }
}

TEST_F(EngineTest, HearsNobodyButPeers) {
  Start();
  const auto stranger = crypto::DiscoPrivateKey::Generate(rng_);
  Receive(Sealed(stranger, disco::Ping{}), kPeerAddress);
  std::vector<uint8_t> forged = Sealed(peer_disco_, disco::Ping{});
  forged.back() ^= 1;
  Receive(forged, kPeerAddress);
  EXPECT_EQ(Dropped(Drop::kBadDisco), 2u);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(EngineTest, ComesWhenCalledByRelayOnly) {
  Start();
  FromPeer(disco::CallMeMaybe{{kPeerAddress}}, At("203.0.113.1:1"));
  EXPECT_THAT(SentTo<disco::Ping>(), IsEmpty());
  FromPeer(disco::CallMeMaybe{{kPeerAddress}}, net::Endpoint::Relay(kRelay));
  EXPECT_THAT(SentTo<disco::Ping>(), ElementsAre(kPeerAddress));
}

TEST_F(EngineTest, DoesNotComeWhenOneNodeCallsInTheNameOfAnother) {
  netmap::Netmap netmap = MakeNetmap();
  netmap::Node& other = netmap.peers[NodeId(3)] = netmap.peers[kPeer];
  other.id = NodeId(3);
  other.node_key = crypto::NodePrivateKey::Generate(rng_).public_key();
  other.disco_key = crypto::DiscoPrivateKey::Generate(rng_).public_key();
  std::swap(other.disco_key, netmap.peers[kPeer].disco_key);
  ASSERT_TRUE(engine_.OnNetmap(now_, netmap).ok());
  FromPeer(disco::CallMeMaybe{{kPeerAddress}}, net::Endpoint::Relay(kRelay));
  EXPECT_THAT(SentTo<disco::Ping>(), IsEmpty());
  EXPECT_EQ(Dropped(Drop::kBadDisco), 1u);
}

TEST_F(EngineTest, PingsABoundedNumberOfTheAddressesInACall) {
  Start();
  std::vector<uint8_t> plaintext = {3, 0};
  for (uint32_t i = 0; i < 3000; ++i) {  // 54 KB, more than a call may have
    const auto address = net::IpAddress::V4(0xcb007100 + i).Mapped16();
    plaintext.insert(plaintext.end(), address.begin(), address.end());
    plaintext.insert(plaintext.end(), {0, 53});
  }
  const auto box =
      crypto::BoxSharedKey::Create(peer_disco_, engine_.disco_key());
  std::vector<uint8_t> datagram(disco::kMagic.begin(), disco::kMagic.end());
  const auto& sender = peer_disco_.public_key().bytes();
  datagram.insert(datagram.end(), sender.begin(), sender.end());
  const auto sealed = box->Seal(rng_, plaintext);
  datagram.insert(datagram.end(), sealed.begin(), sealed.end());
  Receive(datagram, net::Endpoint::Relay(kRelay));
  EXPECT_THAT(SentTo<disco::Ping>(), SizeIs(::testing::Le(64u)));
}

TEST_F(EngineTest, SurvivesGarbageFromEverywhere) {
  Start();
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> bytes(rng_.Below(200));
    rng_.Fill(bytes);
    if (!bytes.empty() && i % 3 == 0) bytes[0] = static_cast<uint8_t>(i % 5);
    Receive(bytes, i % 2 == 0 ? kPeerAddress : net::Endpoint::Relay(kRelay));
  }
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(EngineTest, AsksForTheAddressOfARelayThatHasNone) {
  Start();
  EXPECT_TRUE(std::ranges::any_of(events_, [](const EngineEvent& event) {
    const auto* wanted = std::get_if<ResolveWanted>(&event);
    return wanted != nullptr && wanted->hostname == "relay.example";
  }));
  engine_.OnResolved(now_, "relay.example", {Ip("203.0.113.77")});
  Drain();
  EXPECT_THAT(sent_,
              Contains(::testing::Field(&Sent::to, At("203.0.113.77:3478"))));
}

TEST_F(EngineTest, AsksAgainForAnAddressThatDnsDidNotTell) {
  const auto num_asked = [this] {
    return std::ranges::count_if(events_, [](const EngineEvent& event) {
      return std::holds_alternative<ResolveWanted>(event);
    });
  };
  Start();
  engine_.Recheck(now_);  // No second question while the first is open.
  Drain();
  EXPECT_EQ(num_asked(), 1);
  engine_.OnResolved(now_, "relay.example", {});
  engine_.Recheck(now_);
  Drain();
  EXPECT_EQ(num_asked(), 2);
  engine_.OnResolved(now_, "relay.example", {Ip("203.0.113.77")});
  engine_.Recheck(now_);
  Drain();
  EXPECT_EQ(num_asked(), 2);
}

TEST_F(EngineTest, DoesNotComplainOfUdpBeforeItHasAsked) {
  netmap::Netmap netmap = MakeNetmap();
  netmap.relay_map.regions[0].nodes[0].ipv4 = "203.0.113.3";
  ASSERT_TRUE(engine_.OnNetmap(now_, netmap).ok());
  engine_.OnRelayConnected(now_, kRelay);
  Drain();
  EXPECT_THAT(engine_.health(), IsEmpty());
}

TEST_F(EngineTest, SaysWhyItCannotPing) {
  EXPECT_EQ(engine_.PingPath(now_, kPeer).status().code(),
            absl::StatusCode::kNotFound);
  netmap::Netmap netmap = MakeNetmap();
  netmap.peers[kPeer].disco_key = crypto::DiscoKey();
  ASSERT_TRUE(engine_.OnNetmap(now_, netmap).ok());
  const auto refused = engine_.PingPath(now_, kPeer);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()),
              ::testing::HasSubstr("peer has not told its disco key"));
}

TEST_F(EngineTest, TellsWhichWayAPingWasAnswered) {
  Start();
  const auto id = engine_.PingPath(now_, kPeer);
  ASSERT_TRUE(id.ok());
  Drain();
  now_ += absl::Milliseconds(33);
  for (const auto& [message, to] : DiscoSent()) {
    if (const auto* ping = std::get_if<disco::Ping>(&message)) {
      FromPeer(disco::Pong{ping->txid, to}, to);
    }
  }
  const auto* result = std::get_if<PingResult>(&events_.back());
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->ping_id, *id);
  EXPECT_EQ(result->path.endpoint, net::Endpoint::Relay(kRelay));
  EXPECT_EQ(result->rtt, absl::Milliseconds(33));
}

}  // namespace
}  // namespace warren::engine
