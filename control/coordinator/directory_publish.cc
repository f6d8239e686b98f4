#include <algorithm>
#include <set>
#include <utility>

#include "control/coordinator/default_policy.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/names.h"
#include "control/coordinator/relay_union.h"
#include "control/coordinator/topology.h"
#include "core/base/check.h"
#include "core/policy/policy_text.h"

// From what the directory knows to the snapshots that nodes are told from.
namespace warren::control {
namespace {

std::string DomainOf(const TailnetState& tailnet, const std::string& base) {
  const std::string label = LabelFrom(tailnet.record.name);
  return base.empty() ? label : label + "." + base;
}

std::shared_ptr<const policy::Policy> PolicyOf(const TailnetState& tailnet) {
  if (tailnet.access.parsed_policy != nullptr) {
    return tailnet.access.parsed_policy;
  }
  static const auto kDefault = std::make_shared<const policy::Policy>(
      policy::ParsePolicy(kDefaultPolicy).policy);
  return kDefault;
}

netmap::NodeTable::Shared SnapshotOf(const TailnetState& tailnet,
                                     const NodeState& node) {
  const bool waits = tailnet.record.settings.approve_devices &&
                     node.record.standing.approved_ms == 0;
  return std::make_shared<netmap::SnapshotNode>(
      netmap::SnapshotNode{DescribeNode(tailnet, node), waits});
}

// The tailnet at the other side of a share.
TailnetId OtherSideOf(const TailnetState& tailnet, const ShareRecord& share) {
  return share.owner_tailnet == tailnet.record.id ? share.guest_tailnet
                                                  : share.owner_tailnet;
}

RelayUnion RelaysOf(Directory& directory, const TailnetState& tailnet) {
  std::set<TailnetId> others;
  for (const auto& [id, share] : tailnet.access.shares) {
    others.insert(OtherSideOf(tailnet, share));
  }
  RelayUnion all(tailnet.relays);
  for (const TailnetId id : others) {
    const TailnetState* const other = directory.Tailnet(id);
    if (other != nullptr) all.Add(id, other->relays);
  }
  return all;
}

// As another tailnet, with these relays, sees it.
netmap::NodeTable::Shared ForeignNode(const TailnetState& home,
                                      const NodeState& node,
                                      const std::string& base_domain,
                                      const RelayUnion& relays) {
  auto shown = std::make_shared<netmap::SnapshotNode>(
      netmap::SnapshotNode{DescribeNode(home, node), false});
  shown->node.domain = DomainOf(home, base_domain);
  shown->node.home_relay = relays.Here(home.record.id, shown->node.home_relay);
  return shown;
}

// Whether the policy has to be put onto the topology anew because of this node:
// not for what it does not look at, such as endpoints, nor for who is online
// unless it is a router.
bool IsNewToPolicy(const policy::Topology& topology,
                   const TailnetState& tailnet, const NodeState& node,
                   int64_t now_ms) {
  const NodeId id = node.record.id;
  const auto known =
      std::ranges::lower_bound(topology.nodes, id, {}, &policy::Node::id);
  const bool was_there = known != topology.nodes.end() && known->id == id;
  if (was_there != MaySpeak(tailnet, node, now_ms)) return true;
  if (!was_there) return false;
  policy::Node now = TopologyNodeOf(node);
  now.shared_to = known->shared_to;
  if (now.routable_ips.empty()) now.online = known->online;
  return now != *known;
}

}  // namespace

netmap::Node DescribeNode(const TailnetState& tailnet, const NodeState& state) {
  const NodeRecord& record = state.record;
  netmap::Node node;
  node.id = record.id;
  node.name = record.naming.name;
  node.node_key = record.keys.node;
  node.disco_key = record.keys.disco;
  node.addresses = {record.ipv4, record.ipv6};
  for (const net::IpAddress& address : node.addresses) {
    node.allowed_ips.push_back(net::IpPrefix::Single(address));
  }
  node.endpoints = record.reach.endpoints;
  node.home_relay = record.reach.home_relay;
  node.online = state.online();
  node.tags = record.grant.tags;
  if (node.tags.empty()) {
    node.user = record.owner;
    node.user_login = tailnet.users.at(record.owner).login;
  }
  node.os = record.host.os;
  node.key_expiry = absl::Milliseconds(record.times.key_expiry_ms);
  if (!state.online()) {
    node.last_seen = absl::Milliseconds(record.times.last_seen_ms);
  }
  node.ephemeral = record.grant.ephemeral;
  return node;
}

bool WaitsForApproval(const TailnetState& tailnet, const NodeRecord& node) {
  return tailnet.record.settings.approve_devices &&
         node.standing.approved_ms == 0;
}

bool IsLetIn(const TailnetState& tailnet, const NodeRecord& node) {
  if (WaitsForApproval(tailnet, node)) return false;
  return !node.grant.tags.empty() ||
         tailnet.users.at(node.owner).status == UserStatus::kActive;
}

void Directory::TouchGuests(const TailnetState& tailnet,
                            const NodeState& node) {
  for (const auto& [id, share] : tailnet.access.shares) {
    const bool guest = share.guest == node.record.owner;
    if (!guest && share.node != node.record.id) continue;
    const TailnetId other = guest ? share.owner_tailnet : share.guest_tailnet;
    if (other != tailnet.record.id) TouchOther(other, guest);
  }
}

void Directory::TouchOther(TailnetId id, bool guests) {
  TailnetState* const other = Tailnet(id);
  if (other == nullptr) return;
  other->pending.any = true;
  (guests ? other->pending.guests : other->pending.shared_in) = true;
}

bool Directory::NeedsPolicy(const TailnetState& tailnet,
                            const Pending& pending) const {
  if (pending.tailnet || tailnet.topology == nullptr ||
      !pending.removed.empty()) {
    return true;
  }
  if (pending.guests) return true;
  return std::ranges::any_of(pending.nodes, [&](NodeId id) {
    return IsNewToPolicy(*tailnet.topology, tailnet, tailnet.nodes.at(id),
                         latest_ms_);
  });
}

void Directory::PutPolicy(TailnetState& tailnet, netmap::Snapshot& next) {
  auto topology = std::make_shared<policy::Topology>(
      TopologyOf(*this, tailnet, latest_ms_));
  std::ranges::sort(topology->nodes, {}, &policy::Node::id);
  tailnet.topology = topology;
  next.own.policy = policy::Compiled::Make(PolicyOf(tailnet), topology);
  for (const auto& [id, share] : tailnet.access.shares) {
    TailnetState* const guest = Tailnet(share.guest_tailnet);
    if (guest == nullptr || guest == &tailnet) continue;
    guest->pending.any = true;
    guest->pending.shared_in = true;
  }
}

// Nodes of others that may reach ours.
void Directory::PutGuests(const TailnetState& tailnet, netmap::Snapshot& next) {
  std::vector<NodeId> gone;
  for (const auto& node : next.own.nodes) {
    if (node->node.shared_in()) gone.push_back(node->node.id);
  }
  for (NodeId id : gone) next.own.nodes.Erase(id);
  const RelayUnion relays = RelaysOf(*this, tailnet);
  for (const auto& [id, share] : tailnet.access.shares) {
    TailnetState* const home = Tailnet(share.guest_tailnet);
    if (home == nullptr || home == &tailnet) continue;
    for (const auto& [node_id, node] : home->nodes) {
      if (node.record.owner != share.guest) continue;
      next.own.nodes.Put(
          ForeignNode(*home, node, options_.base_domain, relays));
    }
  }
}

// Nodes of others that are shared with people here.
void Directory::PutSharedIn(const TailnetState& tailnet,
                            netmap::Snapshot& next) {
  std::map<TailnetId, netmap::Shelf> shelves;
  const RelayUnion relays = RelaysOf(*this, tailnet);
  for (const auto& [id, share] : tailnet.access.shares) {
    TailnetState* const owner = Tailnet(share.owner_tailnet);
    if (owner == nullptr || owner == &tailnet) continue;
    const auto node = owner->nodes.find(share.node);
    if (owner->snapshot == nullptr || node == owner->nodes.end()) continue;
    netmap::Shelf& shelf = shelves[share.owner_tailnet];
    shelf.policy = owner->snapshot->own.policy;
    shelf.nodes.Put(
        ForeignNode(*owner, node->second, options_.base_domain, relays));
  }
  next.shared.clear();
  for (auto& [id, shelf] : shelves) next.shared.push_back(std::move(shelf));
}

void Directory::PublishOne(TailnetState& tailnet) {
  const Pending pending = std::exchange(tailnet.pending, Pending());
  const auto before = tailnet.snapshot;
  auto next = before == nullptr ? std::make_shared<netmap::Snapshot>()
                                : std::make_shared<netmap::Snapshot>(*before);
  tailnet.version = NextVersion(tailnet);
  next->id = tailnet.record.id;
  next->version = tailnet.version;
  next->tailnet = tailnet.record.name;
  next->domain = DomainOf(tailnet, options_.base_domain);
  next->policy_version = tailnet.access.policy.version;
  for (NodeId id : pending.removed) next->own.nodes.Erase(id);
  for (NodeId id : pending.nodes) {
    next->own.nodes.Put(SnapshotOf(tailnet, tailnet.nodes.at(id)));
  }
  if (pending.tailnet || pending.guests || pending.shared_in) {
    next->relay_map = RelaysOf(*this, tailnet).map();
  }
  if (pending.tailnet) {
    for (const auto& [id, node] : tailnet.nodes) {
      auto anew = SnapshotOf(tailnet, node);
      const netmap::SnapshotNode* const old = next->own.nodes.Find(id);
      if (old == nullptr || *old != *anew) next->own.nodes.Put(std::move(anew));
    }
  }
  if (pending.tailnet || pending.guests) PutGuests(tailnet, *next);
  if (pending.tailnet || pending.shared_in) PutSharedIn(tailnet, *next);
  if (NeedsPolicy(tailnet, pending)) PutPolicy(tailnet, *next);
  tailnet.snapshot = std::move(next);
  if (options_.publish) Announce(tailnet, before, pending);
}

void Directory::Announce(const TailnetState& tailnet,
                         const std::shared_ptr<const netmap::Snapshot>& before,
                         const Pending& pending) {
  Publication publication;
  publication.snapshot = tailnet.snapshot;
  publication.tailnet = tailnet.record.id;
  publication.removed = pending.removed;
  std::optional<std::vector<NodeId>> affected;
  // With a change of the whole tailnet any node may have changed, and with one
  // elsewhere any that we are shown.
  const bool wide = pending.tailnet || pending.guests || pending.shared_in;
  if (before != nullptr) {
    std::set<NodeId> touched = pending.nodes;
    if (wide) touched = netmap::DifferingNodes(*before, *tailnet.snapshot);
    affected = netmap::Affected(*before, *tailnet.snapshot, touched);
  }
  publication.everyone = !affected.has_value();
  if (affected) publication.affected = *std::move(affected);
  options_.publish(publication);
}

void Directory::Publish() {
  for (TailnetId id : std::exchange(gone_, {})) {
    if (options_.publish) options_.publish({nullptr, id, true, {}, {}});
  }
  // What one tailnet shows another may be news there, too; not again here.
  for (int round = 0; round < 3; ++round) {
    for (auto& [id, tailnet] : tailnets_) {
      if (tailnet.pending.any) PublishOne(tailnet);
    }
  }
}

}  // namespace warren::control
