#include "core/sim/lab.h"

#include <utility>

#include "core/base/check.h"

namespace warren::sim {
namespace {

constexpr absl::Duration kControlDelay = absl::Milliseconds(50);

}  // namespace

SimRelay& Lab::AddRelay() {
  const RelayId id(static_cast<uint16_t>(relays_.size() + 1));
  relays_.push_back(std::make_unique<SimRelay>(world_, network_, id));
  return *relays_.back();
}

SimNode& Lab::AddNode(absl::string_view name, const NatKind& kind) {
  return AddNodeOn(network_.AddHost(name, kind));
}

SimNode& Lab::AddNode(absl::string_view name, Site& site) {
  return AddNodeOn(network_.AddHost(name, site));
}

SimNode& Lab::AddNeighbour(absl::string_view name, SimNode& neighbour) {
  return AddNodeOn(network_.AddNeighbour(name, neighbour.host()));
}

SimNode& Lab::AddNodeOn(Host& host) {
  const NodeId id(static_cast<int64_t>(members_.size() + 1));
  NodeHooks hooks;
  hooks.report = [this, id] { OnReport(id); };
  hooks.relay = [this](RelayId relay) {
    return relays_.at(relay.value() - 1u).get();
  };
  hooks.path = [this, id](const engine::PathChanged& changed) {
    if (on_path_) on_path_(*members_[id].node, changed);
  };
  Member& member = members_[id];
  member.node =
      std::make_unique<SimNode>(world_, network_, host, id, std::move(hooks));
  member.record.id = id;
  member.record.name = host.name;
  member.record.online = true;
  member.record.node_key = member.node->key().public_key();
  member.record.addresses = {member.node->address()};
  member.record.allowed_ips = {net::IpPrefix::Single(member.node->address())};
  return *member.node;
}

void Lab::Expire(const SimNode& node) {
  expired_.insert(node.id());
  Publish();
}

void Lab::Pause(bool paused) {
  paused_ = paused;
  if (!paused) Publish();
}

void Lab::SetFilter(std::vector<filter::Rule> rules) {
  filter_ = std::move(rules);
  Publish();
}

void Lab::OnReport(NodeId id) {
  Member& member = members_[id];
  const engine::Engine& engine = member.node->engine();
  if (engine.netmap() == nullptr) member.has_netmap = false;  // It restarted.
  member.record.disco_key = engine.disco_key();
  member.record.endpoints = engine.endpoints();
  member.record.home_relay = engine.home_relay();
  Publish();
}

void Lab::Publish() {
  if (publishing_ || paused_) return;
  publishing_ = true;
  world_.After(kControlDelay, [this] {
    publishing_ = false;
    if (paused_) return;
    ++version_;
    for (auto& [id, member] : members_) Tell(member);
  });
}

void Lab::Tell(Member& member) {
  if (!member.node->online()) return;  // It reports when it is back.
  netmap::Netmap next = Compile(member);
  member.node->With([&](engine::Engine& engine, Instant now) {
    const bool told = member.has_netmap && engine.netmap() != nullptr;
    const absl::Status status =
        told ? engine.OnNetmapDiff(now, netmap::Diff(member.sent, next))
             : engine.OnNetmap(now, next);
    WARREN_CHECK(status.ok());
    WARREN_CHECK(*engine.netmap() == next);
  });
  member.has_netmap = true;
  member.sent = std::move(next);
}

netmap::Netmap Lab::Compile(const Member& member) const {
  netmap::Netmap netmap;
  netmap.version = version_;
  netmap.tailnet = "lab";
  netmap.self = member.record;
  for (const auto& [id, other] : members_) {
    if (&other == &member || expired_.contains(id)) continue;
    netmap.peers[id] = other.record;
  }
  netmap.filter = filter_;
  for (const auto& relay : relays_) {
    netmap.relay_map.regions.push_back(relay->region());
  }
  return netmap;
}

std::vector<filter::Rule> Lab::AllowAll() {
  const auto any = filter::AnyAddress();
  filter::Rule rule;
  rule.sources.assign(any.begin(), any.end());
  for (const net::IpPrefix& prefix : any) rule.destinations.push_back({prefix});
  return {rule};
}

}  // namespace warren::sim
