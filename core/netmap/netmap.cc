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
  const auto note = [&](const auto& before, const auto& after, auto& change) {
    if (before != after) change = after;
  };
  note(from.tailnet, to.tailnet, diff.tailnet);
  note(from.domain, to.domain, diff.domain);
  note(from.self, to.self, diff.self);
  for (const auto& [id, peer] : from.peers) {
    if (!to.peers.contains(id)) diff.removed_peers.push_back(id);
  }
  for (const auto& [id, peer] : to.peers) {
    const auto known = from.peers.find(id);
    if (known == from.peers.end() || known->second != peer) {
      diff.upserted_peers.push_back(peer);
    }
  }
  note(from.filter, to.filter, diff.filter);
  note(from.cap_grants, to.cap_grants, diff.cap_grants);
  note(from.cap_map, to.cap_map, diff.cap_map);
  note(from.ssh, to.ssh, diff.ssh);
  note(from.relay_map, to.relay_map, diff.relay_map);
  note(from.policy_version, to.policy_version, diff.policy_version);
  note(from.waits_for_approval, to.waits_for_approval, diff.waits_for_approval);
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
  const auto take = [](const auto& change, auto& value) {
    if (change) value = *change;
  };
  take(diff.tailnet, netmap.tailnet);
  take(diff.domain, netmap.domain);
  take(diff.self, netmap.self);
  for (const NodeId id : diff.removed_peers) netmap.peers.erase(id);
  for (const Node& peer : diff.upserted_peers) netmap.peers[peer.id] = peer;
  take(diff.filter, netmap.filter);
  take(diff.cap_grants, netmap.cap_grants);
  take(diff.cap_map, netmap.cap_map);
  take(diff.ssh, netmap.ssh);
  take(diff.relay_map, netmap.relay_map);
  take(diff.policy_version, netmap.policy_version);
  take(diff.waits_for_approval, netmap.waits_for_approval);
  return absl::OkStatus();
}

}  // namespace warren::netmap
