#ifndef WARREN_CORE_WG_DEVICE_H_
#define WARREN_CORE_WG_DEVICE_H_

#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"
#include "core/wg/config.h"
#include "core/wg/counters.h"
#include "core/wg/timers.h"

namespace warren::wg {

using net::PeerIndex;

// A session began that can carry data both ways; `initiator`: we asked for it.
struct SessionEstablished {
  PeerIndex peer;
  bool initiator;
};
// An authenticated, not replayed message of `peer` came from `endpoint`, and
// the one before came from elsewhere. Packets of the plain batch say it anew
// for each packet.
struct PeerAuthenticated {
  PeerIndex peer;
  net::Endpoint endpoint;
};
// 90 s of initiations without an answer; what was staged is dropped. The next
// packet for the peer starts again.
struct HandshakeGaveUp {
  PeerIndex peer;
};
// 540 s without a new session: nothing secret of this peer is left in memory.
struct KeysZeroed {
  PeerIndex peer;
};
using DeviceEvent = std::variant<SessionEstablished, PeerAuthenticated,
                                 HandshakeGaveUp, KeysZeroed>;

// A WireGuard interface without the interface: any number of peers, no socket,
// no clock, no thread. Source: the WireGuard whitepaper and specs/dataplane.md
// §9.
//
// Not thread-safe: one driver thread owns it. `now` never goes back (CHECKed).
// After any call that takes `now`, drain PollTransmit and PollEvent until they
// give nothing, then sleep until Next().
class Device {
 public:
  // `unix_at_now` is the Unix time at `now`; it anchors TAI64N stamps. The
  // greatest stamp ever sent must never go back, or peers refuse us until they
  // forget (specs trap 43): a driver that keeps `latest_stamp()` across
  // restarts passes the greater of it and the wall clock. `rng` must outlive
  // the device.
  Device(const DeviceConfig& config, Rng& rng, Instant now,
         absl::Duration unix_at_now);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // ---- Configuration lane: rare, checked, may say no. ----

  // Without a key (at the start, or after nullopt) the device is deaf and mute.
  // A new key ends all sessions; a peer with that very key is removed.
  void SetPrivateKey(Instant now, std::optional<crypto::NodePrivateKey> key);
  void SetMtu(uint16_t mtu_bytes);

  // ALREADY_EXISTS: the key is a peer's already. INVALID_ARGUMENT: the key is
  // our own, or absent. RESOURCE_EXHAUSTED: kMaxPeers. Costs no DH and about
  // 1.5 KB, so a mesh adds every node of its netmap and needs no lazy creation.
  // The index stays this peer's and is never given to another.
  absl::StatusOr<PeerIndex> AddPeer(Instant now, PeerConfig config);
  // kNoPeer if the key is nobody's.
  PeerIndex FindPeer(const crypto::NodeKey& key) const;
  // Wipes its keys; its indices, prefixes and queued packets are gone. False
  // if there is no such peer, as for all calls below that return bool.
  bool RemovePeer(PeerIndex peer);
  // An existing session lives on; the next handshake uses it. Zeros: none.
  bool SetPresharedKey(PeerIndex peer, crypto::PresharedKey psk);
  // A default Endpoint clears it.
  bool SetEndpoint(PeerIndex peer, const net::Endpoint& endpoint);
  // Zero turns it off. Turned on, the first keepalive is due at once, so the
  // session comes up without traffic.
  bool SetPersistentKeepalive(Instant now, PeerIndex peer,
                              absl::Duration interval);
  // Replaces all prefixes of `peer`. Here and below a prefix of another peer
  // moves to this one: an address belongs to one peer at most.
  // NOT_FOUND: no such peer. RESOURCE_EXHAUSTED: kMaxAllowedIps, none changed.
  absl::Status SetAllowedIps(PeerIndex peer,
                             std::span<const net::IpPrefix> prefixes);
  absl::Status AddAllowedIp(PeerIndex peer, const net::IpPrefix& prefix);
  // Removes it if it is this peer's.
  bool RemoveAllowedIp(PeerIndex peer, const net::IpPrefix& prefix);
  // Begins a handshake now, unless one was sent in the last 5 s, or there is
  // nothing to send it with: no private key, or roaming and no endpoint.
  bool StartHandshake(Instant now, PeerIndex peer);
  // The way to `peer` has just opened or changed: an initiation of ours that is
  // not answered may be lost, and is followed by another without waiting for
  // its 5 s. At the soonest kMinRetry after it, doubled with each attempt, and
  // at once if it is `surely_lost`: there was no way at all.
  static constexpr absl::Duration kMinRetry = absl::Milliseconds(250);
  bool HastenHandshake(Instant now, PeerIndex peer, bool surely_lost = false);

  // ---- What is configured. Pure. ----

  std::vector<PeerIndex> Peers() const;  // in the order they were added
  std::optional<PeerInfo> Info(PeerIndex peer) const;
  // For the configuration socket, which shows secrets to root. Null if there is
  // none; valid until the next call that is not const.
  const crypto::NodePrivateKey* private_key() const;
  const crypto::PresharedKey* preshared_key(PeerIndex peer) const;
  // Whose allowed-ips hold `address` (longest prefix), or kNoPeer.
  PeerIndex PeerFor(const net::IpAddress& address) const;

  // ---- Packet lane: whole batches, edited in place, never Status. ----

  // Encrypts `plain`, inner IP packets with kSealHeadroom and kSealTailroom
  // around them, and adds them to `to_send`, which must have room for all. The
  // peer is found by the inner destination, unless Packet::peer names it
  // already. Sets `peer` and `endpoint` (the peer's; possibly not set, see
  // DeviceConfig::roaming). A packet without a session is copied to the peer's
  // stage and a handshake begins. Leaves `plain` empty.
  void Seal(Instant now, net::PacketBatch& plain, net::PacketBatch& to_send);

  // Takes what came from the wire; `endpoint` says from where, and is opaque:
  // it may be a relay. For a relay, `peer` may name the node that the relay
  // says it is from: no trust comes of it, but cookies and limits bind to it.
  // Adds the decrypted inner packets, cut to their IP length, to `plain`, which
  // must have room for all, with the authenticated `peer`, and `endpoint` as it
  // came. Handshakes, cookies and keepalives are swallowed; answers wait for
  // PollTransmit. Leaves `datagrams` empty.
  void Open(Instant now, net::PacketBatch& datagrams, net::PacketBatch& plain);

  // Does what is due. Early or late is always safe.
  void OnTimeout(Instant now);

  // Adds what the device itself wants sent (handshakes, cookie replies,
  // keepalives, packets that were staged) until `to_send` is full or nothing is
  // left: call until it adds nothing. A packet that answers a datagram goes
  // back where that came from (`endpoint` set, `peer` as known); another has
  // the peer's endpoint, and when that is not set wants routing by `peer`.
  // The bytes have kTransmitHeadroom before them and live until the next call
  // that is not const and not a Poll.
  static constexpr uint16_t kTransmitHeadroom = 64;
  void PollTransmit(net::PacketBatch& to_send);

  // The next event, oldest first. Of several changes of a peer's endpoint only
  // the last is told. At most kMaxEvents wait; then the oldest is dropped.
  std::optional<DeviceEvent> PollEvent();

  // When OnTimeout should be called next, and why. Pure and O(1).
  Deadline Next() const;

  const Counters& counters() const;
  // The Unix time of the greatest TAI64N stamp sent so far; zero before one.
  absl::Duration latest_stamp() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_DEVICE_H_
