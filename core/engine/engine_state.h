#ifndef WARREN_CORE_ENGINE_ENGINE_STATE_H_
#define WARREN_CORE_ENGINE_ENGINE_STATE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "core/disco/disco.h"
#include "core/engine/engine.h"
#include "core/engine/outbox.h"
#include "core/engine/peer_note.h"
#include "core/engine/peer_table.h"
#include "core/engine/punches.h"
#include "core/engine/relay_use.h"
#include "core/engine/self_network.h"
#include "core/engine/why_exchange.h"
#include "core/filter/filter.h"
#include "core/net/ip_packet.h"
#include "core/path/own_node.h"
#include "core/wg/device.h"

namespace warren::engine {

// What an Engine is made of. Its parts do not know each other: what one says,
// this hands to the others. The packet lane is in engine_packets.cc, what goes
// beside it (disco, STUN, TSMP) in engine_discovery.cc, what native peers say
// to each other in engine_notes.cc and engine_punch.cc, the network under the
// tunnel in engine_link.cc, the netmap and the parts' events in
// engine_control.cc.
class EngineState {
 public:
  EngineState(EngineConfig config, Rng& engine_rng, Instant now,
              absl::Duration unix_at_now);

  // Whether a packet means that somebody wants the peer, so that a direct path
  // is looked for and kept.
  enum class Intent : uint8_t { kWanted, kAside };

  // ---- Around each call of Engine that takes `now`. ----
  void Enter(Instant now);
  void Settle(Instant now);

  // ---- engine_packets.cc ----
  // Keeps what may go out, each with its peer.
  void CheckOutbound(Instant now, net::PacketBatch& plain);
  // Tells the app if the packet is larger than the direct path carries.
  void CheckSize(Instant now, const net::Packet& packet,
                 const net::IpPacket& ip);
  // Gives sealed packets their way.
  void RouteAll(Instant now, net::PacketBatch& sealed,
                net::PacketBatch& to_send, Intent intent = Intent::kWanted);
  void SplitDatagrams(Instant now, net::PacketBatch& datagrams);
  void SplitFrames(Instant now, RelayId relay, net::PacketBatch& frames);
  // Decrypts what the splits left in scratch.wireguard.
  void OpenInto(Instant now, net::PacketBatch& to_tun);
  void PollDevice(Instant now, net::PacketBatch& to_send);
  Intent IntentOf(Instant now, const net::Packet& packet);
  // Encrypts a packet of our own for `peer`.
  void SendInner(Instant now, Peer& peer, Bytes inner,
                 Intent intent = Intent::kWanted);

  // ---- engine_discovery.cc ----
  void OnStun(Instant now, const net::Packet& datagram);
  void OnPortMapping(Instant now, const net::Packet& datagram);
  // `relay_source`: who sent it, if it came by relay.
  void OnDisco(Instant now, Bytes datagram, const net::Endpoint& from,
               Peer* relay_source);
  void SendDisco(Instant now, Peer& peer, const disco::Message& message,
                 const net::Endpoint& to);
  void OnTsmp(Instant now, Peer& peer, Bytes bytes,
              const net::IpPacket& packet);
  // From which address of ours to which of the peer a packet of our own goes;
  // nullopt: they have no family in common.
  std::optional<std::pair<net::IpAddress, net::IpAddress>> InnerAddresses(
      const Peer& peer) const;
  void AdvertiseDisco(Instant now, Peer& peer);
  void SendStun();
  void SendPortMapping();
  // Does what the peer's agent wants; call it after each call of the agent.
  void FollowAgent(Instant now, Peer& peer);

  // ---- engine_notes.cc ----
  // By the way the traffic takes; lost if the peer has no session with us and
  // none can be had. Stock peers drop it unseen.
  void SendNote(Instant now, Peer& peer, const PeerNote& note,
                Intent intent = Intent::kWanted);
  void OnNote(Instant now, Peer& peer, const PeerNote& note);

  // ---- engine_punch.cc ----
  // What our NAT is like, as it is told to peers.
  void UpdateOwnNat(Instant now);
  // Does what the punches want, gives turns to those that wait for one.
  void SettlePunches(Instant now);
  void FollowPunch(Instant now, Peer& peer);
  void DoPunchActions(Instant now, Peer& peer);
  void SendPunchPing(Instant now, Peer& peer, const path::PunchPing& ping);
  // Asks STUN how our NAT maps one of the extra sockets.
  void Measure(Instant now, Peer& peer, uint16_t socket);
  // False: the datagram answers no such question.
  bool OnMeasured(Instant now, const net::Packet& datagram);
  // Authentic bytes of the peer came from there.
  void NoteHeard(Instant now, Peer& peer, const net::Endpoint& from) {
    if (from.socket() >= kFirstPunchSocket || peer.punch.running()) {
      peer.punch.OnHeard(now, from);
    }
  }

  // ---- engine_why.cc ----
  WhyNetwork WhyHere() const;
  WhyReport WhyOf(Instant now, const Peer& peer) const;
  WhyEnd WhyLocal(Instant now, const Peer& peer) const;
  WhyEnd WhyRemote(const Peer& peer, std::optional<WhyReport> answer) const;
  void AnswerWhy(Instant now, Peer& peer, const WhyRequest& request);
  // Sends what `why` wants sent, tells what is over.
  void FollowWhy(Instant now);

  // ---- engine_link.cc ----
  void SetLink(Instant now, const LinkState& next);
  // Time has jumped.
  void OnWake(Instant now);
  // Brings `own` up to date.
  void UpdateOwnNode();

  // ---- engine_control.cc ----
  absl::Status SetNetmap(Instant now, netmap::Netmap netmap);
  void ApplyDiff(Instant now, const netmap::NetmapDiff& diff);
  void UpsertPeer(Instant now, const netmap::Node& node);
  void RemovePeer(NodeId id);
  // Judges every key expiry at `now`, and says when to look again.
  void UpdateExpiry(Instant now);
  void UpdateRelayOf(Peer& peer);
  void UpdateRelays(Instant now);
  void Heard(Instant now, Peer& peer, const net::Endpoint& from);
  void DrainDevice(Instant now);
  void DrainNetwork(Instant now);
  void DrainRelays();
  std::vector<Warning> Health() const;
  PeerStatus StatusOf(const Peer& peer) const;

  Deadline Next() const;

  bool running() const { return netmap && !expiry.self_expired; }
  absl::Duration UnixAt(Instant now) const {
    return clock.unix_at_anchor + (now - clock.anchor);
  }

  struct Clock {
    Instant now;  // of the latest call
    Instant anchor;
    absl::Duration unix_at_anchor;
    Instant wake_at = Instant::Never();  // as asked for after the latest call
  };
  struct Expiry {
    bool self_expired = false;
    Instant next = Instant::Never();
  };
  // Batches that would be large on the stack.
  struct Scratch {
    net::PacketBatch wireguard;  // of the datagrams that came
    net::PacketBatch sealed;
    net::PacketBatch polled;    // from the device, not yet handed out
    size_t num_handed_out = 0;  // of `polled`
  };
  struct Output {
    std::deque<EngineEvent> events;
    std::vector<Warning> warnings;  // as last told
    uint64_t last_ping_id = 0;
    Counters counters;
  };

  Rng& rng;
  const crypto::DiscoPrivateKey disco_key;
  wg::Device device;
  filter::Filter filter;
  SelfNetwork network;
  RelayUse relays;
  path::OwnNode own;
  Punches punches;
  PeerTable peers;
  std::optional<netmap::Netmap> netmap;
  WhyExchange why;
  Outbox outbox;
  Outbox to_app;
  // For errors that `to_app` gets: a flow is told in one packet.
  path::ProbeBudget app_errors{32, 16};
  Clock clock;
  Expiry expiry;
  Scratch scratch;
  Output out;
  std::optional<LinkState> link;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_ENGINE_STATE_H_
