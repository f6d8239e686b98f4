// The packet lanes of a Device: what is done for every packet.

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/wg/device_state.h"
#include "core/wg/inner_packet.h"
#include "core/wg/message.h"

namespace warren::wg {

using net::Packet;
using net::PacketBatch;

void Device::Seal(Instant now, PacketBatch& plain, PacketBatch& to_send) {
  state_->Enter(now);
  LastFound last;
  for (Packet& packet : plain) {
    const Drop drop = state_->SealOne(now, packet, last, to_send);
    if (drop != Drop::kNone) state_->counters.Count(drop);
  }
  plain.clear();
  state_->Settle();
}

void Device::Open(Instant now, PacketBatch& datagrams, PacketBatch& plain) {
  state_->Enter(now);
  LastFound last;
  for (Packet& packet : datagrams) {
    const Drop drop = state_->OpenOne(now, packet, last, plain);
    if (drop != Drop::kNone) state_->counters.Count(drop);
  }
  datagrams.clear();
  state_->Settle();
}

PeerIndex Device::State::PeerOf(const net::IpAddress& address,
                                LastFound& last) const {
  if (last.peer_of_address == net::kNoPeer || last.address != address) {
    last.address = address;
    last.peer_of_address = allowed_ips.Lookup(address);
  }
  return last.peer_of_address;
}

Drop Device::State::SealOne(Instant now, Packet& packet, LastFound& last,
                            PacketBatch& to_send) {
  if (!InnerLength(packet.bytes())) return Drop::kMalformed;
  if (packet.peer == net::kNoPeer) {
    packet.peer = PeerOf(InnerDestination(packet.bytes()), last);
  }
  Peer* const peer = Get(packet.peer);
  if (peer == nullptr) return Drop::kNoPeer;
  if (!CanReach(*peer)) {
    return identity ? Drop::kNoEndpoint : Drop::kNoPrivateKey;
  }
  Session* const session = peer->sessions.current();
  if (session == nullptr || !session->CanSend(now)) {
    Stage(now, *peer, packet);
    return Drop::kNone;
  }
  if (!session->Seal(packet, config.mtu_bytes)) return Drop::kNoRoom;
  packet.endpoint = peer->where.endpoint;
  to_send.Add(packet);
  AfterSealed(now, *peer, packet.size, /*is_data=*/true);
  return Drop::kNone;
}

void Device::State::AfterSealed(Instant now, Peer& peer, size_t size,
                                bool is_data) {
  peer.traffic.tx_bytes += size;
  if (is_data) {
    ++counters.packets_sealed;
    peer.timers.OnDataSent(now, jitter);
  } else {
    ++counters.keepalives_sent;
  }
  peer.timers.OnAuthenticSent(now);
  if (peer.sessions.current()->IsWornForSending(now)) {
    SendInitiation(now, peer, /*is_retry=*/false);
  }
  Schedule(peer);
}

void Device::State::Stage(Instant now, Peer& peer, const Packet& packet) {
  if (peer.stage.size() >= kMaxStagedPackets) {
    counters.Count(Drop::kStageFull);
    peer.stage.pop_front();
  }
  peer.stage.emplace_back(packet.bytes());
  SendInitiation(now, peer, /*is_retry=*/false);
}

void Device::State::DropStage(Peer& peer) {
  for (; !peer.stage.empty(); peer.stage.pop_front()) {
    counters.Count(Drop::kGaveUp);
  }
}

void Device::State::Flush(Instant now, Peer& peer) {
  while (!peer.stage.empty() && peer.sessions.current()->CanSend(now)) {
    OwnedPacket packet = std::move(peer.stage.front());
    peer.stage.pop_front();
    SendOwned(now, peer, std::move(packet));
  }
}

void Device::State::SendOwned(Instant now, Peer& peer, OwnedPacket owned) {
  Packet& packet = owned.packet();
  const bool is_data = packet.size > 0;
  if (outbox.full()) {
    counters.Count(Drop::kTransmitFull);
    return;
  }
  if (!peer.sessions.current()->Seal(packet, config.mtu_bytes)) return;
  packet.peer = peer.index;
  packet.endpoint = peer.where.endpoint;
  const size_t size = packet.size;
  outbox.Add(std::move(owned));
  AfterSealed(now, peer, size, is_data);
}

void Device::State::SendKeepalive(Instant now, Peer& peer) {
  const Session* const session = peer.sessions.current();
  if (!CanReach(peer)) return;
  if (session == nullptr || !session->CanSend(now)) {
    SendInitiation(now, peer, /*is_retry=*/false);
  } else if (!peer.stage.empty()) {
    Flush(now, peer);
  } else {
    SendOwned(now, peer, OwnedPacket(Bytes()));
  }
}

Drop Device::State::OpenOne(Instant now, Packet& packet, LastFound& last,
                            PacketBatch& plain) {
  if (packet.size < kMinDataSize) return Drop::kBadLength;
  if (!identity) return Drop::kNoPrivateKey;
  const uint32_t type = LoadLe32(packet.data);
  if (type == static_cast<uint32_t>(MessageType::kData)) {
    return OpenData(now, packet, last, plain);
  }
  last = LastFound();  // A handshake may end the session found last.
  switch (type) {
    case static_cast<uint32_t>(MessageType::kInitiation):
      return OnInitiation(now, packet);
    case static_cast<uint32_t>(MessageType::kResponse):
      return OnResponse(now, packet);
    case static_cast<uint32_t>(MessageType::kCookieReply):
      return OnCookieReply(now, packet);
    default:
      return Drop::kUnknownType;
  }
}

Drop Device::State::OpenData(Instant now, Packet& packet, LastFound& last,
                             PacketBatch& plain) {
  const uint32_t index = DataReceiver(packet.data);
  if (last.owner_of_index.session == nullptr || last.index != index) {
    const IndexTable::Owner* const owner = indices.Find(index);
    if (owner == nullptr || owner->session == nullptr) {
      return Drop::kUnknownIndex;
    }
    last.index = index;
    last.owner_of_index = *owner;
  }
  Session& session = *last.owner_of_index.session;
  Peer& peer = *peers[last.owner_of_index.peer];
  const size_t outer_size = packet.size;
  const Drop drop = session.Open(now, packet);
  if (drop != Drop::kNone) return drop;

  OnAuthentic(now, peer, packet.endpoint, outer_size);
  const bool is_data = packet.size > 0;
  if (is_data) peer.timers.OnDataReceived(now);
  if (peer.sessions.OnAuthentic(&session)) {
    OnEstablished(now, peer, Role::kResponder);
  }
  Session* const current = peer.sessions.current();
  if (current != nullptr && current->TakeWornForReceiving(now)) {
    SendInitiation(now, peer, /*is_retry=*/false);
  }
  Schedule(peer);
  if (!is_data) {
    ++counters.keepalives_received;
    return Drop::kNone;
  }
  const auto length = InnerLength(packet.bytes());
  if (!length) return Drop::kBadInner;
  if (PeerOf(InnerSource(packet.bytes()), last) != peer.index) {
    return Drop::kSourceNotPeer;
  }
  packet.tailroom = static_cast<uint16_t>(
      std::min<size_t>(packet.tailroom + packet.size - *length, UINT16_MAX));
  packet.size = static_cast<uint32_t>(*length);
  packet.peer = peer.index;
  ++counters.packets_opened;
  plain.Add(packet);
  return Drop::kNone;
}

void Device::State::OnAuthentic(Instant now, Peer& peer,
                                const net::Endpoint& from, size_t size) {
  peer.traffic.rx_bytes += size;
  peer.traffic.last_received = now;
  peer.timers.OnAuthenticReceived(now);
  if (!from.IsSet()) return;
  if (config.roaming) peer.where.endpoint = from;
  if (peer.where.last_from == from) return;
  peer.where.last_from = from;
  if (!peer.where.event_waits) Tell(PeerAuthenticated{peer.index, from});
  peer.where.event_waits = true;
}

void Device::State::OnEstablished(Instant now, Peer& peer, Role role) {
  peer.timers.OnHandshakeComplete();
  peer.handshakes.retries = 0;
  peer.traffic.last_handshake = clock.UnixAt(now);
  ++counters.sessions_established;
  Tell(SessionEstablished{peer.index, role == Role::kInitiator});
  if (role == Role::kInitiator) {
    SendKeepalive(now, peer);  // Or what is staged.
  } else {
    Flush(now, peer);
  }
}

}  // namespace warren::wg
