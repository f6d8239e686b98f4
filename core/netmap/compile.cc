#include "core/netmap/compile.h"

#include <algorithm>
#include <utility>

#include "core/netmap/filter_rules.h"

namespace warren::netmap {
namespace {

using policy::NodeView;
using policy::PeerView;

uint64_t FingerprintOn(const Shelf& shelf, NodeId node) {
  return shelf.policy == nullptr ? 0 : shelf.policy->Fingerprint(node);
}

void DropIpv4(Node& node) {
  std::erase_if(node.addresses,
                [](const net::IpAddress& address) { return address.is_v4(); });
  // The routes of others stay: only whole addresses are a node's own.
  std::erase_if(node.allowed_ips, [](const net::IpPrefix& prefix) {
    return prefix.address().is_v4() && prefix.bits() == 32;
  });
}

Node PeerNode(const SnapshotNode& peer, const PeerView& view, bool no_ipv4) {
  Node node = peer.node;
  if (no_ipv4) DropIpv4(node);
  node.allowed_ips.insert(node.allowed_ips.end(), view.routes.begin(),
                          view.routes.end());
  node.primary_routes = view.primary_routes;
  return node;
}

Node SelfNode(const SnapshotNode& self, const NodeView& view) {
  Node node = self.node;
  if (view.hide_ipv4) DropIpv4(node);
  node.allowed_ips.insert(node.allowed_ips.end(), view.routes.begin(),
                          view.routes.end());
  node.primary_routes = view.primary_routes;
  return node;
}

// Everything of a netmap that policies decide, on all shelves that know the
// node.
struct Views {
  Views(const Snapshot& snapshot, NodeId node) {
    if (FingerprintOn(snapshot.own, node) != 0) {
      shelves.emplace_back(&snapshot.own, snapshot.own.policy->View(node));
    }
    for (const Shelf& shelf : snapshot.shared) {
      if (FingerprintOn(shelf, node) == 0) continue;
      shelves.emplace_back(&shelf, shelf.policy->View(node));
    }
    if (!shelves.empty() && shelves[0].first == &snapshot.own) {
      own = &shelves[0].second;
    }
  }

  const NodeView& Own() const {
    static const NodeView kNothing;
    return own == nullptr ? kNothing : *own;
  }
  std::vector<policy::FilterRule> Filter() const {
    std::vector<policy::FilterRule> all;
    for (const auto& [shelf, view] : shelves) {
      all.insert(all.end(), view.filter.begin(), view.filter.end());
    }
    return all;
  }
  // Calls `each` with the peers' nodes, as the snapshot has them, and views.
  template <class F>
  void EachPeer(const F& each) const {
    for (const auto& [shelf, view] : shelves) {
      for (const PeerView& peer : view.peers) {
        const SnapshotNode* const node = shelf->nodes.Find(peer.id);
        if (node == nullptr) continue;
        each(*node, peer, view.hide_ipv4 || peer.hide_ipv4);
      }
    }
  }

  std::vector<std::pair<const Shelf*, NodeView>> shelves;
  const NodeView* own = nullptr;
};

struct PeerState {
  NodeId id;
  const SnapshotNode* node;
  const PeerView* view;
  bool no_ipv4;

  Node ForViewer() const { return PeerNode(*node, *view, no_ipv4); }
  bool operator==(const PeerState& other) const {
    return (node == other.node || *node == *other.node) &&
           *view == *other.view && no_ipv4 == other.no_ipv4;
  }
};

// Ascending by id, each once.
std::vector<PeerState> PeersOf(const Views& views) {
  std::vector<PeerState> peers;
  views.EachPeer(
      [&](const SnapshotNode& node, const PeerView& view, bool no_ipv4) {
        peers.push_back({view.id, &node, &view, no_ipv4});
      });
  // Those of one shelf ascend already; who is on two counts on the first.
  if (views.shelves.size() > 1) {
    std::ranges::stable_sort(peers, {}, &PeerState::id);
    const auto doubles = std::ranges::unique(peers, {}, &PeerState::id);
    peers.erase(doubles.begin(), doubles.end());
  }
  return peers;
}

// Of self, or of a peer that both know.
Bearing BearingOfNode(const Node& before, const Node& after) {
  if (before.node_key != after.node_key ||
      before.key_expiry != after.key_expiry) {
    return kTakesAndGives;
  }
  Bearing bearing = BearingOf(before.allowed_ips, after.allowed_ips);
  bearing.Add(BearingOf(before.addresses, after.addresses));
  return bearing;
}

void DiffPeers(const Views& from, const Views& to, NetmapDiff& diff,
               Bearing& bearing) {
  const auto old_peers = PeersOf(from);
  const auto new_peers = PeersOf(to);
  auto old = old_peers.begin();
  for (const PeerState& peer : new_peers) {
    while (old != old_peers.end() && old->id < peer.id) {
      diff.removed_peers.push_back((old++)->id);
    }
    const bool known = old != old_peers.end() && old->id == peer.id;
    if (known && *old == peer) {
      ++old;
      continue;
    }
    Node node = peer.ForViewer();
    if (!known) {
      bearing.gives = true;
    } else {
      const Node before = (old++)->ForViewer();
      if (before == node) continue;
      bearing.Add(BearingOfNode(before, node));
    }
    diff.upserted_peers.push_back(std::move(node));
  }
  for (; old != old_peers.end(); ++old) diff.removed_peers.push_back(old->id);
  bearing.takes = bearing.takes || !diff.removed_peers.empty();
}

// The policies say the same in both: only nodes themselves may differ.
bool SameViews(const Snapshot& from, const Snapshot& to, NodeId node) {
  if (FingerprintOn(from.own, node) != FingerprintOn(to.own, node) ||
      from.shared.size() != to.shared.size()) {
    return false;
  }
  for (size_t i = 0; i < to.shared.size(); ++i) {
    if (FingerprintOn(from.shared[i], node) !=
        FingerprintOn(to.shared[i], node)) {
      return false;
    }
  }
  return true;
}

bool AnyPeerDiffers(const Shelf& from, const Shelf& to, NodeId node) {
  if (FingerprintOn(to, node) == 0) return false;
  const auto peers = to.policy->PeersOf(node);
  return std::ranges::any_of(peers, [&](NodeId peer) {
    const SnapshotNode* const before = from.nodes.Find(peer);
    const SnapshotNode* const after = to.nodes.Find(peer);
    if (before == after) return false;
    return before == nullptr || after == nullptr || *before != *after;
  });
}

bool AnyPeerDiffers(const Snapshot& from, const Snapshot& to, NodeId node) {
  if (AnyPeerDiffers(from.own, to.own, node)) return true;
  for (size_t i = 0; i < to.shared.size(); ++i) {
    if (AnyPeerDiffers(from.shared[i], to.shared[i], node)) return true;
  }
  return false;
}

template <class T>
bool Note(const T& before, const T& after, std::optional<T>& change) {
  if (before == after) return false;
  change = after;
  return true;
}

void DiffFilter(const Views& from, const Views& to, NetmapDiff& diff,
                Bearing& bearing) {
  const auto before = from.Filter();
  const auto after = to.Filter();
  if (before == after) return;
  auto rules = RulesOf(after);
  const auto old_rules = RulesOf(before);
  if (rules != old_rules) {
    bearing.Add(BearingOf(old_rules, rules));
    diff.filter = std::move(rules);
  }
  auto grants = GrantsOf(after);
  const auto old_grants = GrantsOf(before);
  if (grants == old_grants) return;
  bearing.Add(BearingOf(old_grants, grants));
  diff.cap_grants = std::move(grants);
}

// What the views decide; the self node's share of them, too.
void DiffViews(const Snapshot& from, const Snapshot& to, NodeId node,
               NetmapDiff& diff, Bearing& bearing) {
  const Views before(from, node);
  const Views after(to, node);
  DiffPeers(before, after, diff, bearing);
  const Node old_self = SelfNode(*from.own.nodes.Find(node), before.Own());
  if (Note(old_self, SelfNode(*to.own.nodes.Find(node), after.Own()),
           diff.self)) {
    bearing.Add(BearingOfNode(old_self, *diff.self));
  }
  if (Note(before.Own().cap_map, after.Own().cap_map, diff.cap_map)) {
    bearing.Add(kTakesAndGives);
  }
  if (before.Own().ssh != after.Own().ssh) {
    diff.ssh = SshRulesOf(after.Own().ssh);
    bearing.Add({!before.Own().ssh.empty(), !after.Own().ssh.empty()});
  }
  DiffFilter(before, after, diff, bearing);
}

}  // namespace

std::optional<Netmap> Compile(const Snapshot& snapshot, NodeId node) {
  const SnapshotNode* const self = snapshot.own.nodes.Find(node);
  if (self == nullptr || self->node.shared_in()) return std::nullopt;
  const Views views(snapshot, node);
  Netmap out;
  out.version = snapshot.version;
  out.tailnet = snapshot.tailnet;
  out.domain = snapshot.domain;
  out.self = SelfNode(*self, views.Own());
  out.relay_map = snapshot.relay_map;
  out.policy_version = snapshot.policy_version;
  out.waits_for_approval = self->waits_for_approval;
  views.EachPeer(
      [&](const SnapshotNode& peer, const PeerView& view, bool no_ipv4) {
        out.peers.emplace(view.id, PeerNode(peer, view, no_ipv4));
      });
  const auto filter = views.Filter();
  out.filter = RulesOf(filter);
  out.cap_grants = GrantsOf(filter);
  out.cap_map = views.Own().cap_map;
  out.ssh = SshRulesOf(views.Own().ssh);
  return out;
}

NetmapDiff CompileDiff(const Snapshot& from, const Snapshot& to, NodeId node,
                       Bearing& bearing) {
  const SnapshotNode& before = *from.own.nodes.Find(node);
  const SnapshotNode& after = *to.own.nodes.Find(node);
  NetmapDiff diff;
  bearing = Bearing();
  diff.from_version = from.version;
  diff.to_version = to.version;
  Note(from.tailnet, to.tailnet, diff.tailnet);
  Note(from.domain, to.domain, diff.domain);
  Note(from.relay_map, to.relay_map, diff.relay_map);
  Note(from.policy_version, to.policy_version, diff.policy_version);
  Note(before.waits_for_approval, after.waits_for_approval,
       diff.waits_for_approval);
  const bool self_differs = &before != &after && before.node != after.node;
  if (self_differs || !SameViews(from, to, node) ||
      AnyPeerDiffers(from, to, node)) {
    DiffViews(from, to, node, diff, bearing);
  }
  if (diff.waits_for_approval) {
    bearing.Add({after.waits_for_approval, before.waits_for_approval});
  }
  return diff;
}

std::optional<std::vector<NodeId>> Affected(const Snapshot& from,
                                            const Snapshot& to,
                                            const std::set<NodeId>& touched) {
  if (from.tailnet != to.tailnet || from.domain != to.domain ||
      from.relay_map != to.relay_map ||
      from.policy_version != to.policy_version || from.own.policy == nullptr ||
      to.own.policy == nullptr || from.shared.size() != to.shared.size()) {
    return std::nullopt;
  }
  std::set<NodeId> all(touched);
  const auto add = [&all](const std::vector<NodeId>& nodes) {
    all.insert(nodes.begin(), nodes.end());
  };
  const auto add_shelf = [&](const Shelf& before, const Shelf& after) {
    if (before.policy != after.policy) {
      add(policy::Changed(*before.policy, *after.policy));
    }
    // Whom they are peers of no more, Changed() knows.
    for (const NodeId node : touched) add(after.policy->PeersOf(node));
  };
  add_shelf(from.own, to.own);
  for (size_t i = 0; i < to.shared.size(); ++i) {
    add_shelf(from.shared[i], to.shared[i]);
  }
  return std::vector<NodeId>(all.begin(), all.end());
}

std::set<NodeId> DifferingNodes(const Snapshot& from, const Snapshot& to) {
  std::set<NodeId> out;
  const auto compare = [&out](const NodeTable& some, const NodeTable& others) {
    for (const auto& node : some) {
      const SnapshotNode* const other = others.Find(node->node.id);
      if (other == node.get()) continue;
      if (other == nullptr || *other != *node) out.insert(node->node.id);
    }
  };
  const auto both = [&](const Shelf& before, const Shelf& after) {
    compare(before.nodes, after.nodes);
    compare(after.nodes, before.nodes);
  };
  both(from.own, to.own);
  for (size_t i = 0; i < std::min(from.shared.size(), to.shared.size()); ++i) {
    both(from.shared[i], to.shared[i]);
  }
  return out;
}

}  // namespace warren::netmap
