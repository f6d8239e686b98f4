#include "core/policy/compiled.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/policy/compiled_state.h"
#include "core/policy/hash.h"

namespace warren::policy {
namespace {

// What peers are told of a node, or of the tailnet because of it.
std::vector<uint64_t> IdentitiesOf(const Directory& directory,
                                   const RouteTable& routes,
                                   const std::vector<NodeAttributes>& about) {
  std::vector<uint64_t> identities;
  identities.reserve(directory.nodes().size());
  for (Index i = 0; i < directory.nodes().size(); ++i) {
    uint64_t hash = static_cast<uint64_t>(directory.node(i).id.value());
    for (const AddressText& text : directory.TextsOf(i)) {
      hash = Mix(hash, HashOf(text.text));
    }
    for (const uint32_t r : routes.SubnetsOf(i)) {
      hash = Mix(hash, routes.Hash(r));
    }
    for (const net::IpPrefix& exit : routes.ExitsOf(i)) {
      hash = Mix(hash, exit.address().is_v4() ? 4 : 6);
    }
    identities.push_back(Mix(hash, about[i].hide_ipv4));
  }
  return identities;
}

void IndexSources(const CompiledState& state, uint32_t f, FlowIndex& index) {
  const SourceSet& source = *state.flows[f].source;
  if (source.everyone) {
    index.by_all.push_back(f);
    return;
  }
  for (const Index node : source.members) index.by[node].push_back(f);
  for (const Index node : source.routers) index.by[node].push_back(f);
}

void IndexTargets(const CompiledState& state, uint32_t f, FlowIndex& index) {
  const Flow& flow = state.flows[f];
  for (uint32_t d = 0; d < flow.to.size(); ++d) {
    const Hit hit = {f, d};
    if (flow.to[d].kind == Destination::Kind::kEverything && !flow.has_via) {
      index.at_all.push_back(hit);
      continue;
    }
    ForEachTarget(state, flow, flow.to[d], [&](Index node) {
      auto& hits = index.at[node];
      if (hits.empty() || hits.back() != hit) hits.push_back(hit);
    });
  }
}

FlowIndex IndexFlows(const CompiledState& state) {
  FlowIndex index;
  const size_t num_nodes = state.directory.nodes().size();
  index.at.resize(num_nodes);
  index.by.resize(num_nodes);
  for (uint32_t f = 0; f < state.flows.size(); ++f) {
    IndexSources(state, f, index);
    IndexTargets(state, f, index);
  }
  index.shared_to.resize(state.directory.users().size());
  for (const Index node : state.directory.devices()) {
    for (const UserId guest : state.directory.node(node).shared_to) {
      const auto user = state.directory.FindUser(guest);
      if (!user.has_value() || !state.directory.users()[*user]->guest) continue;
      index.shared_to[*user].push_back(node);
    }
  }
  for (Indices& nodes : index.shared_to) Normalise(nodes);
  return index;
}

// Of what a node gets as a destination of `hits`.
uint64_t HashHits(const CompiledState& state, const std::vector<Hit>& hits) {
  uint64_t hash = 0;
  for (const Hit& hit : hits) {
    const Flow& flow = state.flows[hit.flow];
    hash = Mix(hash, flow.source->hash);
    hash = Mix(hash, flow.to[hit.destination].rule_hash);
    hash = Mix(hash, flow.hash);
  }
  return hash;
}

// Of whom a node sees by the flows that it may use.
uint64_t HashUses(const CompiledState& state,
                  const std::vector<uint32_t>& flows, uint64_t all) {
  uint64_t hash = 0;
  for (const uint32_t f : flows) {
    const Flow& flow = state.flows[f];
    hash = Mix(hash, flow.hash);
    for (const Destination& to : flow.to) {
      hash = Mix(hash, to.reach_hash);
      const bool by_kind = to.kind == Destination::Kind::kEverything ||
                           to.kind == Destination::Kind::kInternet;
      if (by_kind) hash = Mix(hash, all);
    }
  }
  return hash;
}

// Of what a guest's device sees: what is shared with it and lets guests in.
uint64_t HashShared(const CompiledState& state, Index device) {
  const auto lets_in = [&state](const Hit& hit) {
    return state.flows[hit.flow].source->guests;
  };
  const bool all = std::ranges::any_of(state.index.at_all, lets_in);
  const auto guest = state.directory.UserOf(device);
  uint64_t hash = 0;
  for (const Index host : state.index.shared_to[*guest]) {
    if (!all && !std::ranges::any_of(state.index.at[host], lets_in)) continue;
    hash = Mix(hash, state.identities[host]);
  }
  return hash;
}

std::vector<uint64_t> FingerprintsOf(const CompiledState& state) {
  uint64_t all = 0;
  for (const uint64_t identity : state.identities) all = Mix(all, identity);
  const uint64_t at_all = HashHits(state, state.index.at_all);
  const uint64_t by_all = HashUses(state, state.index.by_all, all);
  std::vector<uint64_t> fingerprints;
  fingerprints.reserve(state.identities.size());
  for (Index i = 0; i < state.identities.size(); ++i) {
    uint64_t hash = Mix(state.identities[i], state.attributes[i].hash);
    hash = Mix(hash, state.ssh.Hash(i));
    if (state.directory.IsGuest(i)) {  // Seldom many: no need to be exact.
      hash = Mix(Mix(Mix(hash, all), at_all), by_all);
      hash = Mix(hash, HashShared(state, i));
    } else {
      hash = Mix(Mix(hash, at_all), by_all);
      hash = Mix(hash, HashHits(state, state.index.at[i]));
      hash = Mix(hash, HashUses(state, state.index.by[i], all));
    }
    for (const uint32_t r : state.routes.SubnetsOf(i)) {
      for (const uint32_t other : state.routes.Alternatives(r)) {
        hash = Mix(hash, state.routes.Hash(other));
      }
    }
    for (const UserId guest : state.directory.node(i).shared_to) {
      hash = Mix(Mix(hash, static_cast<uint64_t>(guest.value())), all);
    }
    fingerprints.push_back(hash == 0 ? 1 : hash);
  }
  return fingerprints;
}

class CompiledPolicy : public Compiled {
 public:
  CompiledPolicy(std::shared_ptr<const Policy> policy,
                 std::shared_ptr<const Topology> topology)
      : state_(std::move(policy), std::move(topology)) {}

  const std::vector<NodeId>& Nodes() const override {
    return state_.directory.ids();
  }

  NodeView View(NodeId node) const override {
    const std::optional<Index> index = state_.directory.Find(node);
    return index.has_value() ? ViewOf(state_, *index) : NodeView();
  }

  std::vector<NodeId> PeersOf(NodeId node) const override {
    std::vector<NodeId> peers;
    const std::optional<Index> index = state_.directory.Find(node);
    if (!index.has_value()) return peers;
    for (const Index peer : policy::PeersOf(state_, *index)) {
      peers.push_back(state_.directory.ids()[peer]);
    }
    return peers;
  }

  uint64_t Fingerprint(NodeId node) const override {
    const std::optional<Index> index = state_.directory.Find(node);
    return index.has_value() ? state_.fingerprints[*index] : 0;
  }

 private:
  CompiledState state_;
};

}  // namespace

CompiledState::CompiledState(std::shared_ptr<const Policy> the_policy,
                             std::shared_ptr<const Topology> the_topology)
    : policy(std::move(the_policy)),
      topology(std::move(the_topology)),
      directory(*topology),
      resolver(*policy, directory),
      attributes(CompileAttributes(resolver)),
      routes(resolver),
      identities(IdentitiesOf(directory, routes, attributes)),
      book(resolver, routes, identities),
      flows(MakeFlows(resolver, routes, identities, book)),
      index(IndexFlows(*this)),
      ssh(resolver),
      fingerprints(FingerprintsOf(*this)) {}

bool operator==(const FilterRule& a, const FilterRule& b) {
  const bool same_sources =
      a.sources == b.sources || (a.sources != nullptr && b.sources != nullptr &&
                                 *a.sources == *b.sources);
  return same_sources && a.protocols == b.protocols &&
         a.destinations == b.destinations && a.cap_grants == b.cap_grants;
}

std::shared_ptr<const Compiled> Compiled::Make(
    std::shared_ptr<const Policy> policy,
    std::shared_ptr<const Topology> topology) {
  return std::make_shared<const CompiledPolicy>(std::move(policy),
                                                std::move(topology));
}

std::vector<NodeId> Changed(const Compiled& before, const Compiled& after) {
  std::vector<NodeId> all;
  std::ranges::set_union(before.Nodes(), after.Nodes(),
                         std::back_inserter(all));
  std::erase_if(all, [&](NodeId node) {
    return before.Fingerprint(node) == after.Fingerprint(node);
  });
  return all;
}

}  // namespace warren::policy
