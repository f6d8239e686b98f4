#include "core/netmap/netmap.h"

#include "absl/strings/str_cat.h"

namespace warren::netmap {

bool NetmapDiff::Empty() const {
  NetmapDiff nothing;
  nothing.from_version = from_version;
  nothing.to_version = to_version;
  return *this == nothing;
}

NetmapDiff Diff(const Netmap& from, const Netmap& to) {
  NetmapDiff diff;
  diff.from_version = from.version;
  diff.to_version = to.version;
  if (from.tailnet != to.tailnet) diff.tailnet = to.tailnet;
  if (from.self != to.self) diff.self = to.self;
  for (const auto& [id, peer] : from.peers) {
    if (!to.peers.contains(id)) diff.removed_peers.push_back(id);
  }
  for (const auto& [id, peer] : to.peers) {
    const auto known = from.peers.find(id);
    if (known == from.peers.end() || known->second != peer) {
      diff.upserted_peers.push_back(peer);
    }
  }
  if (from.filter != to.filter) diff.filter = to.filter;
  if (from.relay_map != to.relay_map) diff.relay_map = to.relay_map;
  return diff;
}

absl::Status Apply(const NetmapDiff& diff, Netmap& netmap) {
  if (diff.from_version != netmap.version) {
    return absl::FailedPreconditionError(
        absl::StrCat("netmap: a diff from version ", diff.from_version, " to ",
                     diff.to_version, " does not fit version ", netmap.version,
                     ": ask for a full netmap"));
  }
  netmap.version = diff.to_version;
  if (diff.tailnet) netmap.tailnet = *diff.tailnet;
  if (diff.self) netmap.self = *diff.self;
  for (const NodeId id : diff.removed_peers) netmap.peers.erase(id);
  for (const Node& peer : diff.upserted_peers) netmap.peers[peer.id] = peer;
  if (diff.filter) netmap.filter = *diff.filter;
  if (diff.relay_map) netmap.relay_map = *diff.relay_map;
  return absl::OkStatus();
}

}  // namespace warren::netmap
