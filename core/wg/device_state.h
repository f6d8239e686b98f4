#ifndef WARREN_CORE_WG_DEVICE_STATE_H_
#define WARREN_CORE_WG_DEVICE_STATE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/net/packet_batch.h"
#include "core/wg/allowed_ips.h"
#include "core/wg/config.h"
#include "core/wg/cookie.h"
#include "core/wg/counters.h"
#include "core/wg/deadline_queue.h"
#include "core/wg/device.h"
#include "core/wg/handshake.h"
#include "core/wg/index_table.h"
#include "core/wg/load.h"
#include "core/wg/outbox.h"
#include "core/wg/peer.h"

// The inside of a Device, for device*.cc alone.
namespace warren::wg {

// Who we are.
struct Identity {
  explicit Identity(crypto::NodePrivateKey its_key)
      : key(std::move(its_key)), checker(key.public_key()) {}
  crypto::NodePrivateKey key;
  CookieChecker checker;
};

// Where we are in time, and what of it we showed.
struct Clock {
  absl::Duration UnixAt(Instant t) const { return unix_at_start + (t - start); }
  Instant start;
  absl::Duration unix_at_start;
  Instant now;                                         // of the last call
  absl::Duration latest_stamp = absl::ZeroDuration();  // Unix time
};

// What a Seal or an Open found last, since packets come in runs.
struct LastFound {
  net::IpAddress address;
  net::PeerIndex peer_of_address = net::kNoPeer;
  uint32_t index = 0;
  IndexTable::Owner owner_of_index;
};

struct Device::State {
  State(const DeviceConfig& its_config, Rng& its_rng, Instant now,
        absl::Duration unix_at_now);

  // ---- device.cc: peers, time, events ----
  // At the door of each call: time does not go back.
  void Enter(Instant now);
  Peer* Get(PeerIndex peer) const {
    return peer < peers.size() ? peers[peer].get() : nullptr;
  }
  void Remove(Peer& peer);
  void RunTimers(Instant now, Peer& peer);
  void OnRetransmit(Instant now, Peer& peer);
  // Ends all sessions and handshakes with `peer` and wipes what is secret.
  void ZeroKeys(Peer& peer);
  void OnKeysOld(Peer& peer);
  // After the timers of `peer` changed: wakes us early enough.
  void Schedule(const Peer& peer) {
    deadlines.Lower(peer.index, peer.timers.Next().at);
  }
  // At the end of each call: makes the first of `deadlines` exact. Timers that
  // were cleared leave it too early.
  void Settle();
  void Tell(const DeviceEvent& event);

  // ---- device_data.cc: the packet lanes ----
  Drop SealOne(Instant now, net::Packet& packet, LastFound& last,
               net::PacketBatch& to_send);
  Drop OpenOne(Instant now, net::Packet& packet, LastFound& last,
               net::PacketBatch& plain);
  Drop OpenData(Instant now, net::Packet& packet, LastFound& last,
                net::PacketBatch& plain);
  PeerIndex PeerOf(const net::IpAddress& address, LastFound& last) const;
  // An authentic message of `size` bytes came.
  void OnAuthentic(Instant now, Peer& peer, const net::Endpoint& from,
                   size_t size);
  // `session` works both ways; sends what waited for it, and if that is nothing
  // and we began it, a keepalive.
  void OnEstablished(Instant now, Peer& peer, Role role);
  void AfterSealed(Instant now, Peer& peer, size_t size, bool is_data);
  void Stage(Instant now, Peer& peer, const net::Packet& packet);
  void DropStage(Peer& peer);
  // Seals what is staged; there is a session.
  void Flush(Instant now, Peer& peer);
  // Seals and queues `packet`, a whole inner packet or nothing.
  void SendOwned(Instant now, Peer& peer, OwnedPacket packet);
  void SendKeepalive(Instant now, Peer& peer);

  // ---- device_handshake.cc ----
  Drop OnInitiation(Instant now, const net::Packet& packet);
  Drop OnResponse(Instant now, const net::Packet& packet);
  Drop OnCookieReply(Instant now, const net::Packet& packet);
  // Whether a handshake message is for us and may cost us public-key work.
  Drop Admit(Instant now, const net::Packet& packet);
  void SendInitiation(Instant now, Peer& peer, bool is_retry);
  Drop SendResponse(Instant now, Peer& peer, Claim claim,
                    const net::Endpoint& to);
  // The macs of a message to `peer`, and what goes with sending it.
  void SendHandshake(Instant now, Peer& peer, const net::Endpoint& to,
                     MutableBytes message);
  void Transmit(PeerIndex peer, const net::Endpoint& to, Bytes message);
  // Null if the key of `peer` is of low order.
  const crypto::SharedSecret* StaticStatic(Peer& peer) const;
  bool CanReach(const Peer& peer) const {
    return identity && (!config.roaming || peer.where.endpoint.IsSet());
  }

  DeviceConfig config;
  Rng& rng;
  SeededRng jitter;  // not secret: spares a system call a packet
  Clock clock;
  std::optional<Identity> identity;
  IndexTable indices;  // before the peers, which hold leases of it
  std::vector<std::unique_ptr<Peer>> peers;  // by index; null once removed
  absl::flat_hash_map<crypto::NodeKey, PeerIndex> by_key;
  AllowedIps allowed_ips;
  DeadlineQueue deadlines;
  HandshakeLoad load;
  SourceLimiter limiter;
  Outbox outbox;
  std::deque<DeviceEvent> events;
  Counters counters;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_DEVICE_STATE_H_
