#ifndef WARREN_CORE_ENGINE_PEER_TABLE_H_
#define WARREN_CORE_ENGINE_PEER_TABLE_H_

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/crypto/box.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"
#include "core/netmap/netmap.h"
#include "core/path/agent.h"
#include "core/path/own_node.h"
#include "core/path/punch.h"
#include "core/path/punch_hub.h"

namespace warren::engine {

// One peer that WireGuard knows.
struct Peer {
  Peer(net::PeerIndex peer_index, const netmap::Node& peer_node,
       path::OwnNode& own, path::PunchHub& punches)
      : index(peer_index),
        node(peer_node),
        agent(own),
        punch(peer_node.id, own.rng, punches) {}

  const net::PeerIndex index;
  netmap::Node node;           // as the netmap has it
  crypto::DiscoKey disco_key;  // the netmap's, or newer: told in the tunnel
  // With disco_key; made when first needed, since it costs an X25519.
  std::optional<crypto::BoxSharedKey> disco_box;
  RelayId heard_on;  // where it spoke to us last; 0: nowhere
  RelayId relay;     // where we speak to it; 0: nowhere
  path::Agent agent;
  path::Punch punch;
  bool native = false;                     // it has sent us a note
  Instant app_heard = Instant::LongAgo();  // a packet for our app came
  Instant wake_at = Instant::Never();      // what the table's timer holds
};

// The peers, by each of their names, and when each wants to be woken. Ordered
// by id, so that nothing depends on hashing.
class PeerTable {
 public:
  Peer& Add(std::unique_ptr<Peer> peer);
  void Remove(NodeId id);
  // Null if there is none.
  Peer* Find(NodeId id) const;
  Peer* Find(net::PeerIndex index) const;
  // Several nodes may share one disco key (specs 5.3).
  std::vector<Peer*> FindByDisco(const crypto::DiscoKey& key) const;
  void SetDiscoKey(Peer& peer, const crypto::DiscoKey& key);

  // Call after each use of the peer's agent or punch. A deadline that moved
  // away is not moved here: the peer is then woken early once, which is safe.
  void Reschedule(Peer& peer) {
    const Instant next = std::min(peer.agent.Next(), peer.punch.Next());
    if (next < peer.wake_at) SetWake(peer, next);
  }
  // The peer whose time has come, its wake-up cleared: reschedule it.
  Peer* TakeDue(Instant now);
  Instant Next() const;

  // Ascending by id.
  const std::map<NodeId, std::unique_ptr<Peer>>& all() const { return peers_; }

 private:
  void SetWake(Peer& peer, Instant at);

  std::map<NodeId, std::unique_ptr<Peer>> peers_;
  absl::flat_hash_map<net::PeerIndex, Peer*> by_index_;
  std::multimap<crypto::DiscoKey, Peer*> by_disco_;
  std::set<std::pair<Instant, NodeId>> wakes_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_PEER_TABLE_H_
