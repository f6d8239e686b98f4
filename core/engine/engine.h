#ifndef WARREN_CORE_ENGINE_ENGINE_H_
#define WARREN_CORE_ENGINE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/engine/drop.h"
#include "core/engine/event.h"
#include "core/engine/link_state.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"
#include "core/netmap/netmap.h"
#include "core/wg/counters.h"

namespace warren::engine {

// Fixed while an engine lives: a new node key is a new engine.
struct EngineConfig {
  crypto::NodePrivateKey node_key;
  uint16_t mtu_bytes = 1280;  // of the tunnel interface (specs 10.7)
};

// Everything a node decides, and nothing it does: WireGuard, path selection,
// the packet filter and NAT discovery, without a socket, a clock or a thread.
//
// Not thread-safe: one driver thread owns it. `now` never goes back (CHECKed).
// After any call that takes `now`, drain PollEvent, PollTransmit and PollToTun,
// again until they give nothing (a datagram may go through a socket that an
// event opens), then sleep until Next().
class Engine {
 public:
  // Makes a new disco key from `rng`, which must outlive the engine.
  // `unix_at_now` is the Unix time at `now`: it anchors WireGuard's TAI64N
  // stamps (whitepaper §5.1) and key expiry. Pass the greater of the wall clock
  // and what latest_wg_stamp() was when the last engine of this key ended.
  Engine(EngineConfig config, Rng& rng, Instant now,
         absl::Duration unix_at_now);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---- Packet lane: whole batches, edited in place, never Status. ----

  // Inner IP packets of the app, with kSealHeadroom and kSealTailroom around
  // them. Adds WireGuard datagrams to `to_send`, each with `endpoint` set to
  // where it goes and `peer` set; a packet that goes both ways (the direct path
  // is not proven) is there twice, over the same bytes: leave them as they
  // are. For a relay endpoint, KeyOf(peer) is the destination, and the DERP
  // header fits before the bytes if the driver left headroom for it. `to_send`
  // must have room for all of `plain`; a second copy that has no room is left
  // out. Leaves `plain` empty.
  void FromTun(Instant now, net::PacketBatch& plain, net::PacketBatch& to_send);

  // Datagrams of our UDP sockets, `endpoint` = source. Decrypts in place; adds
  // inner packets for the app to `to_tun`, which must have room for all.
  // Leaves `datagrams` empty.
  void FromUdp(Instant now, net::PacketBatch& datagrams,
               net::PacketBatch& to_tun);

  // Payloads of DERP RecvPacket frames from `relay`, `peer` = FindPeer(source
  // key of the frame); those with kNoPeer are counted and dropped. Else as
  // FromUdp.
  void FromRelay(Instant now, RelayId relay, net::PacketBatch& frames,
                 net::PacketBatch& to_tun);

  // ---- Control lane: rare, checked, may say no. ----

  // Replaces all that is known of the tailnet. Peers removed first.
  // INVALID_ARGUMENT: it is for another node key; nothing is changed.
  absl::Status OnNetmap(Instant now, netmap::Netmap netmap);
  // FAILED_PRECONDITION: it starts from another version than ours, or there is
  // no netmap yet: ask for a full one. Nothing is changed.
  absl::Status OnNetmapDiff(Instant now, const netmap::NetmapDiff& diff);
  // Graded (link_change.h): what is only new is used as well; when something
  // vanished, every path is in doubt, and traffic goes both ways until it has
  // proven itself again. Either way STUN is asked, and peers in use are told.
  void OnLinkChange(Instant now, const LinkState& link);
  // The node goes down: what PollTransmit and PollEvent then give (a datagram
  // to the router, or an exchange of a second) gives back a mapped port. The
  // engine is of no further use.
  void Close(Instant now);
  // Login finished, or the connection is lost.
  void OnRelayConnected(Instant now, RelayId relay);
  void OnRelayDisconnected(Instant now, RelayId relay);
  // The relay says that this node is not (or no longer) connected to it.
  void OnRelayPeerGone(Instant now, RelayId relay, const crypto::NodeKey& key);
  // The answer to ResolveWanted; empty: it has no address.
  void OnResolved(Instant now, absl::string_view hostname,
                  std::vector<net::IpAddress> addresses);
  // The answer to ExchangeWanted: what came, or why nothing did.
  void OnExchange(Instant now, uint64_t id,
                  absl::StatusOr<std::string> response);
  // The answer to RelayLatencyWanted; nullopt: not reachable.
  void OnRelayLatency(Instant now, RelayId relay,
                      std::optional<absl::Duration> latency);
  // Corrects the Unix time that key expiry is judged by (control knows better
  // than a clock two years off). WireGuard's stamps are not touched.
  void OnUnixTime(Instant now, absl::Duration unix_at_now);
  // Asks STUN anew, as `warren netcheck` does.
  void Recheck(Instant now);
  // Sends a disco ping to `peer` by the way its traffic takes, and looks for a
  // better one; PingResult follows within 5 s. NOT_FOUND: no such peer.
  // FAILED_PRECONDITION: it has told no disco key, or there is no way to it.
  // RESOURCE_EXHAUSTED: too many pings at once.
  absl::StatusOr<uint64_t> PingPath(Instant now, NodeId peer);
  // Asks `peer` for its half of `warren why`; WhyReady follows within 3 s.
  // Looks for a direct path, too, as traffic would. NOT_FOUND: no such peer.
  // RESOURCE_EXHAUSTED: too many asks at once.
  absl::StatusOr<uint64_t> AskWhy(Instant now, NodeId peer);
  // Does what is due. Early or late is always safe.
  void OnTimeout(Instant now);

  // Adds what the engine itself wants sent: handshakes, keepalives, staged
  // packets, disco, STUN. As FromTun's `to_send`. Call until it adds nothing.
  // The bytes have 64 B of headroom and live until the next call that is not
  // const and not a Poll.
  void PollTransmit(net::PacketBatch& to_send);
  // Adds what the engine itself has to say to the app: ICMP errors, so far. As
  // FromUdp's `to_tun`; call and live as PollTransmit's.
  void PollToTun(net::PacketBatch& to_tun);
  // The next event, oldest first.
  std::optional<EngineEvent> PollEvent();
  // When OnTimeout should be called next, and why. Pure.
  Deadline Next() const;

  // ---- What is. Pure. ----

  // The public key of a peer; null when the index is nobody's (any more). Valid
  // until the next call that is not const.
  const crypto::NodeKey* KeyOf(net::PeerIndex peer) const;
  net::PeerIndex FindPeer(const crypto::NodeKey& key) const;
  // Who `address` belongs to; nullopt for our own and unknown ones.
  std::optional<NodeId> PeerFor(const net::IpAddress& address) const;

  const crypto::NodeKey& node_key() const;
  const crypto::DiscoKey& disco_key() const;  // report it to control
  // Null before the first one.
  const netmap::Netmap* netmap() const;
  RelayId home_relay() const;  // 0 = none
  const std::vector<net::Endpoint>& endpoints() const;
  std::vector<Warning> health() const;
  NetworkStatus network() const;
  std::vector<PeerStatus> peers() const;  // ascending by id
  std::optional<PeerStatus> peer(NodeId id) const;
  // What this node tells peers of its network, if they ask.
  WhyNetwork WhyHere() const;
  // Both ends as far as they are known here, nobody asked; the first is ours.
  std::optional<WhyEnds> WhyNow(Instant now, NodeId id) const;
  const Counters& counters() const;
  const wg::Counters& wg_counters() const;
  // See the constructor.
  absl::Duration latest_wg_stamp() const;

 private:
  std::unique_ptr<class EngineState> state_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_ENGINE_H_
