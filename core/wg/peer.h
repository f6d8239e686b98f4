#ifndef WARREN_CORE_WG_PEER_H_
#define WARREN_CORE_WG_PEER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"
#include "core/wg/cookie.h"
#include "core/wg/handshake.h"
#include "core/wg/index_table.h"
#include "core/wg/message.h"
#include "core/wg/outbox.h"
#include "core/wg/session.h"
#include "core/wg/timers.h"

namespace warren::wg {

// An initiation of ours that is not answered yet.
struct PendingHandshake {
  IndexLease index;
  InitiatorState state;
};

// What both directions of handshaking with a peer remember.
struct HandshakeMemory {
  Stamp greatest_received{};                 // of initiations accepted
  Instant accepted_at = Instant::LongAgo();  // the last of those
  Instant sent_at = Instant::LongAgo();      // our last initiation or response
  int retries = 0;  // of the series of initiations that runs
  bool may_hurry =
      false;  // the next one need not be kRekeyTimeout after sent_at
};

// What is counted for people.
struct Traffic {
  uint64_t rx_bytes = 0;
  uint64_t tx_bytes = 0;
  std::optional<absl::Duration> last_handshake;  // Unix time
  Instant last_received = Instant::LongAgo();
};

// Where a peer is, as far as a device that roams or is told knows.
struct Whereabouts {
  net::Endpoint endpoint;    // where to send
  net::Endpoint last_from;   // of the last authenticated message
  bool event_waits = false;  // a PeerAuthenticated is in the queue of events
};

// All that a device keeps about one peer. A record: the device's lanes work on
// it (lanes.h).
struct Peer {
  Peer(net::PeerIndex its_index, const crypto::NodeKey& its_key)
      : index(its_index), key(its_key) {}

  const net::PeerIndex index;
  const crypto::NodeKey key;
  crypto::PresharedKey psk;
  // Of its static key and ours; empty until first needed.
  std::optional<crypto::SharedSecret> static_static;
  Whereabouts where;
  std::optional<PendingHandshake> pending;
  HandshakeMemory handshakes;
  CookieJar cookies;
  Sessions sessions;
  PeerTimers timers;
  std::deque<OwnedPacket> stage;  // plain packets that wait for a session
  Traffic traffic;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_PEER_H_
