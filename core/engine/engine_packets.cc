// The packet lane: between the app's packets and the wire's.

#include <array>

#include "core/engine/engine_state.h"
#include "core/engine/peer_note.h"
#include "core/engine/too_big.h"
#include "core/stun/stun.h"

namespace warren::engine {
namespace {

// Every direct path carries inner packets of this size (MtuProber).
constexpr size_t kPassesEverywhere = 496;
// Header and tag around nothing (whitepaper §6.5).
constexpr size_t kKeepaliveSize = 32;
// A keepalive answers what came before it within this time.
constexpr absl::Duration kAnswered = absl::Seconds(20);

Drop DropOf(filter::Verdict verdict) {
  switch (verdict) {
    case filter::Verdict::kAccept:
      return Drop::kNone;
    case filter::Verdict::kMulticast:
      return Drop::kMulticast;
    case filter::Verdict::kLinkLocal:
      return Drop::kLinkLocal;
    case filter::Verdict::kNotLocal:
      return Drop::kNotLocal;
    case filter::Verdict::kNoRule:
      return Drop::kNoRule;
  }
  return Drop::kNone;
}

}  // namespace

void EngineState::CheckOutbound(Instant now, net::PacketBatch& plain) {
  const bool may_send = running();
  const auto check = [&](net::Packet& packet) {
    if (!may_send) return Drop::kNotRunning;
    net::IpPacket ip;
    if (net::ParseIp(packet.bytes(), ip) != net::IpError::kNone) {
      return Drop::kMalformed;
    }
    if (ip.protocol == filter::kTsmp) return Drop::kTsmpFromTun;
    const Drop drop = DropOf(filter.CheckOutbound(now, ip));
    if (drop != Drop::kNone) return drop;
    packet.peer = device.PeerFor(ip.destination);
    if (packet.peer == net::kNoPeer) return Drop::kNoPeer;
    if (packet.size > kPassesEverywhere) CheckSize(now, packet, ip);
    return Drop::kNone;
  };
  size_t kept = 0;
  for (net::Packet& packet : plain) {
    const Drop drop = check(packet);
    if (drop == Drop::kNone) {
      plain[kept++] = packet;
    } else {
      out.counters.Count(drop);
    }
  }
  plain.Truncate(kept);
}

void EngineState::CheckSize(Instant now, const net::Packet& packet,
                            const net::IpPacket& ip) {
  const Peer* peer = peers.Find(packet.peer);
  if (peer == nullptr || packet.size <= peer->agent.largest_inner()) return;
  const std::vector<uint8_t> error =
      BuildTooBig(packet.bytes(), ip, peer->agent.largest_inner());
  if (error.empty() || !app_errors.Take(now)) return;
  if (!to_app.Push(error, {}, packet.peer)) out.counters.Count(Drop::kSendFull);
}

void EngineState::RouteAll(Instant now, net::PacketBatch& sealed,
                           net::PacketBatch& to_send, Intent intent) {
  size_t left = sealed.size();
  for (net::Packet& packet : sealed) {
    --left;
    Peer* peer = peers.Find(packet.peer);
    if (peer == nullptr) {
      out.counters.Count(Drop::kNoPath);
      continue;
    }
    const path::Route route = intent == Intent::kWanted
                                  ? peer->agent.OnSend(now, packet.size)
                                  : peer->agent.WayNow(now);
    FollowAgent(now, *peer);
    const bool relay = route.relay && relays.Use(now, peer->relay);
    // A second copy must not take the room of another packet.
    const bool room_for_two =
        net::PacketBatch::kMaxPackets - to_send.size() > left + 1;
    if (relay) {
      packet.endpoint = net::Endpoint::Relay(peer->relay);
      to_send.Add(packet);
      ++out.counters.tx_relay_packets;
    }
    if (route.direct.IsSet() && (!relay || room_for_two)) {
      packet.endpoint = route.direct;
      to_send.Add(packet);
      ++out.counters.tx_direct_packets;
    }
    if (!relay && !route.direct.IsSet()) out.counters.Count(Drop::kNoPath);
  }
  sealed.clear();
}

void EngineState::SplitDatagrams(Instant now, net::PacketBatch& datagrams) {
  scratch.wireguard.clear();
  for (net::Packet& packet : datagrams) {
    packet.peer = net::kNoPeer;
    if (packet.endpoint.socket() == kPortMapSocket) {
      OnPortMapping(now, packet);
    } else if (stun::IsStun(packet.bytes())) {
      OnStun(now, packet);
    } else if (disco::LooksLikeDisco(packet.bytes())) {
      OnDisco(now, packet.bytes(), packet.endpoint, nullptr);
    } else {
      scratch.wireguard.Add(packet);
    }
  }
  datagrams.clear();
}

void EngineState::SplitFrames(Instant now, RelayId relay,
                              net::PacketBatch& frames) {
  scratch.wireguard.clear();
  for (net::Packet& packet : frames) {
    packet.endpoint = net::Endpoint::Relay(relay);
    Peer* peer = peers.Find(packet.peer);
    if (peer == nullptr) {
      out.counters.Count(Drop::kUnknownRelaySource);
      continue;
    }
    Heard(now, *peer, packet.endpoint);
    if (disco::LooksLikeDisco(packet.bytes())) {
      OnDisco(now, packet.bytes(), packet.endpoint, peer);
    } else {
      scratch.wireguard.Add(packet);
    }
  }
  frames.clear();
}

void EngineState::OpenInto(Instant now, net::PacketBatch& to_tun) {
  size_t kept = to_tun.size();
  const size_t first = kept;
  device.Open(now, scratch.wireguard, to_tun);
  for (size_t i = first; i < to_tun.size(); ++i) {
    const net::Packet packet = to_tun[i];
    Peer* peer = peers.Find(packet.peer);
    if (peer == nullptr) continue;
    ++(packet.endpoint.IsRelay() ? out.counters.rx_relay_packets
                                 : out.counters.rx_direct_packets);
    NoteHeard(now, *peer, packet.endpoint);
    peer->agent.OnAuthentic(now, packet.endpoint);
    FollowAgent(now, *peer);
    net::IpPacket ip;
    Drop drop = Drop::kMalformed;
    if (net::ParseIp(packet.bytes(), ip) == net::IpError::kNone) {
      drop = DropOf(filter.CheckInbound(now, ip));
      if (drop == Drop::kNone && ip.protocol == filter::kTsmp) {
        drop = Drop::kTsmp;
        OnTsmp(now, *peer, packet.bytes(), ip);
      }
    }
    if (drop == Drop::kNone) {
      peer->app_heard = now;
      to_tun[kept++] = packet;
    } else {
      out.counters.Count(drop);
    }
  }
  to_tun.Truncate(kept);
}

// The keepalive that answers what came for our app shows that we want the peer,
// too. One that answers a note does not: two idle nodes would keep each other
// awake.
EngineState::Intent EngineState::IntentOf(Instant now,
                                          const net::Packet& packet) {
  if (packet.size != kKeepaliveSize) return Intent::kWanted;
  const Peer* peer = peers.Find(packet.peer);
  return peer == nullptr || now - peer->app_heard < kAnswered ? Intent::kWanted
                                                              : Intent::kAside;
}

void EngineState::PollDevice(Instant now, net::PacketBatch& to_send) {
  net::PacketBatch& polled = scratch.polled;
  while (true) {
    if (scratch.num_handed_out == polled.size()) {
      polled.clear();
      scratch.num_handed_out = 0;
      device.PollTransmit(polled);
      if (polled.empty()) return;
    }
    // Two, because a packet may go both ways.
    if (to_send.size() + 2 > net::PacketBatch::kMaxPackets) return;
    const net::Packet packet = polled[scratch.num_handed_out++];
    if (!packet.endpoint.IsSet()) {
      net::PacketBatch& one = scratch.sealed;
      one.clear();
      one.Add(packet);
      RouteAll(now, one, to_send, IntentOf(now, packet));
    } else if (!packet.endpoint.IsRelay() ||
               relays.Use(now, packet.endpoint.relay())) {
      to_send.Add(packet);
    }
  }
}

void EngineState::SendInner(Instant now, Peer& peer, Bytes inner,
                            Intent intent) {
  constexpr size_t kMaxInner = 40 + kMaxNoteSize;  // with the IP header
  std::array<uint8_t, net::kSealHeadroom + kMaxInner + net::kSealTailroom>
      buffer{};
  if (inner.size() > kMaxInner) return;
  std::ranges::copy(inner, buffer.begin() + net::kSealHeadroom);
  net::Packet packet;
  packet.data = buffer.data() + net::kSealHeadroom;
  packet.size = static_cast<uint32_t>(inner.size());
  packet.headroom = net::kSealHeadroom;
  packet.tailroom =
      static_cast<uint16_t>(buffer.size() - net::kSealHeadroom - inner.size());
  packet.peer = peer.index;
  net::PacketBatch plain;
  plain.Add(packet);
  scratch.sealed.clear();
  device.Seal(now, plain, scratch.sealed);
  net::PacketBatch routed;
  RouteAll(now, scratch.sealed, routed, intent);
  for (const net::Packet& p : routed) {
    if (!outbox.Push(p.bytes(), p.endpoint, p.peer)) {
      out.counters.Count(Drop::kSendFull);
    }
  }
}

}  // namespace warren::engine
