#include "core/engine/peer_table.h"

namespace warren::engine {

Peer& PeerTable::Add(std::unique_ptr<Peer> peer) {
  Peer& added = *peer;
  by_index_[added.index] = &added;
  peers_[added.node.id] = std::move(peer);
  return added;
}

void PeerTable::Remove(NodeId id) {
  const auto it = peers_.find(id);
  if (it == peers_.end()) return;
  Peer& peer = *it->second;
  SetDiscoKey(peer, crypto::DiscoKey());
  SetWake(peer, Instant::Never());
  by_index_.erase(peer.index);
  peers_.erase(it);
}

Peer* PeerTable::Find(NodeId id) const {
  const auto it = peers_.find(id);
  return it == peers_.end() ? nullptr : it->second.get();
}

Peer* PeerTable::Find(net::PeerIndex index) const {
  const auto it = by_index_.find(index);
  return it == by_index_.end() ? nullptr : it->second;
}

std::vector<Peer*> PeerTable::FindByDisco(const crypto::DiscoKey& key) const {
  std::vector<Peer*> found;
  const auto [begin, end] = by_disco_.equal_range(key);
  for (auto it = begin; it != end; ++it) found.push_back(it->second);
  return found;
}

void PeerTable::SetDiscoKey(Peer& peer, const crypto::DiscoKey& key) {
  const auto [begin, end] = by_disco_.equal_range(peer.disco_key);
  for (auto it = begin; it != end; ++it) {
    if (it->second == &peer) {
      by_disco_.erase(it);
      break;
    }
  }
  peer.disco_key = key;
  peer.disco_box.reset();
  if (!key.IsZero()) by_disco_.emplace(key, &peer);
}

Peer* PeerTable::TakeDue(Instant now) {
  if (wakes_.empty() || now < wakes_.begin()->first) return nullptr;
  Peer* peer = Find(wakes_.begin()->second);
  SetWake(*peer, Instant::Never());
  return peer;
}

Instant PeerTable::Next() const {
  return wakes_.empty() ? Instant::Never() : wakes_.begin()->first;
}

void PeerTable::SetWake(Peer& peer, Instant at) {
  if (!peer.wake_at.IsNever()) wakes_.erase({peer.wake_at, peer.node.id});
  peer.wake_at = at;
  if (!at.IsNever()) wakes_.insert({at, peer.node.id});
}

}  // namespace warren::engine
