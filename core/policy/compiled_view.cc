#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/policy/compiled_state.h"
#include "core/policy/node_set.h"

namespace warren::policy {
namespace {

using Kind = Destination::Kind;

// One FilterRule is made of all destinations that share sources and protocols.
class FilterMaker {
 public:
  FilterMaker(const CompiledState& state, Index node)
      : state_(state), node_(node) {}

  void Add(const std::vector<Hit>& hits);
  std::vector<FilterRule> Take() { return std::move(rules_); }

 private:
  using Sources = std::shared_ptr<const AddressTexts>;

  void AddFlow(const Sources& sources, const Flow& flow,
               const std::vector<Hit>& hits);
  // How the node is meant by `to`: its own addresses, or what it serves.
  AddressTexts AddressesFor(const Flow& flow, const Destination& to) const;
  void AddPorts(const Sources& sources, const Flow& flow,
                const Destination& to);
  FilterRule& RuleFor(const Sources& sources,
                      const std::vector<uint8_t>& protocols);
  void AddCapabilities(const Sources& sources, const Flow& flow,
                       const std::vector<Hit>& hits);
  std::vector<net::IpPrefix> GrantedAt(const Destination& to) const;
  Sources GuestsOf() const;

  const CompiledState& state_;
  Index node_;
  std::vector<FilterRule> rules_;
  std::map<std::pair<const AddressTexts*, std::vector<uint8_t>>, size_t> at_;
};

void FilterMaker::Add(const std::vector<Hit>& hits) {
  const Sources guests = GuestsOf();
  for (auto first = hits.begin(); first != hits.end();) {
    const Flow& flow = state_.flows[first->flow];
    const auto last = std::find_if(first, hits.end(), [&](const Hit& hit) {
      return hit.flow != first->flow;
    });
    const std::vector<Hit> of_flow(first, last);
    AddFlow(flow.source->texts, flow, of_flow);
    // "*" covers guests' addresses already.
    if (flow.source->guests && !flow.source->everyone && !guests->empty()) {
      AddFlow(guests, flow, of_flow);
    }
    first = last;
  }
}

void FilterMaker::AddFlow(const Sources& sources, const Flow& flow,
                          const std::vector<Hit>& hits) {
  if (!sources->empty()) {
    for (const Hit& hit : hits) {
      AddPorts(sources, flow, flow.to[hit.destination]);
    }
  }
  AddCapabilities(sources, flow, hits);
}

AddressTexts FilterMaker::AddressesFor(const Flow& flow,
                                       const Destination& to) const {
  switch (to.kind) {
    case Kind::kEverything:
      return {EveryAddress()};
    case Kind::kInternet:
      return InternetAddresses();
    case Kind::kAddress:
      return {to.address};
    case Kind::kDevices:
      break;
  }
  AddressTexts texts;
  const Directory& directory = state_.directory;
  if (!flow.has_via && std::ranges::binary_search(*to.devices, node_)) {
    texts = directory.TextsOf(node_);
  }
  for (const uint32_t r : to.routes) {
    const ServedRoute& route = state_.routes.subnets()[r];
    if (route.router != node_) continue;
    Indices within;
    directory.AppendWithin(route.range, within);
    Normalise(within);
    for (const Index other : within) {
      if (!std::ranges::binary_search(*to.devices, other)) continue;
      std::ranges::copy_if(
          directory.TextsOf(other), std::back_inserter(texts),
          [&](const AddressText& t) { return t.Overlaps(route.range); });
    }
  }
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

void FilterMaker::AddPorts(const Sources& sources, const Flow& flow,
                           const Destination& to) {
  if (to.ports->empty()) return;
  const AddressTexts addresses = AddressesFor(flow, to);
  for (const PortGroup& group : *to.ports) {
    FilterRule& rule = RuleFor(sources, group.protocols);
    for (const AddressText& address : addresses) {
      for (const PortRange& ports : group.ports) {
        rule.destinations.push_back({address, ports.first, ports.last});
      }
    }
  }
}

FilterRule& FilterMaker::RuleFor(const Sources& sources,
                                 const std::vector<uint8_t>& protocols) {
  const auto [at, is_new] =
      at_.try_emplace({sources.get(), protocols}, rules_.size());
  if (is_new) {
    rules_.emplace_back();
    rules_.back().sources = sources;
    rules_.back().protocols = protocols;
  }
  return rules_[at->second];
}

void FilterMaker::AddCapabilities(const Sources& sources, const Flow& flow,
                                  const std::vector<Hit>& hits) {
  if (flow.capabilities == nullptr) return;
  CapGrant grant;
  for (const Hit& hit : hits) {
    for (const net::IpPrefix& at : GrantedAt(flow.to[hit.destination])) {
      grant.destinations.push_back(at);
    }
  }
  std::ranges::sort(grant.destinations);
  grant.destinations.erase(
      std::unique(grant.destinations.begin(), grant.destinations.end()),
      grant.destinations.end());
  if (grant.destinations.empty()) return;
  grant.capabilities = flow.capabilities->values;
  grant.empty_lists = flow.capabilities->empty_lists;
  FilterRule rule;
  rule.sources = sources;
  rule.cap_grants.push_back(std::move(grant));
  rules_.push_back(std::move(rule));
}

// Own addresses that `to` means; else the part of a route of ours.
std::vector<net::IpPrefix> FilterMaker::GrantedAt(const Destination& to) const {
  std::vector<net::IpPrefix> granted;
  if (to.kind == Kind::kInternet) return granted;
  const bool whole = to.kind == Kind::kEverything ||
                     (to.kind == Kind::kDevices &&
                      std::ranges::binary_search(*to.devices, node_));
  for (const AddressText& own : state_.directory.TextsOf(node_)) {
    const bool meant = whole || (to.kind == Kind::kAddress &&
                                 to.address.Overlaps(own.ranges[0]));
    if (meant) {
      granted.push_back(net::IpPrefix::Single(own.ranges[0].first));
    }
  }
  if (!granted.empty() || to.kind != Kind::kAddress) return granted;
  for (const uint32_t r : to.routes) {
    const ServedRoute& route = state_.routes.subnets()[r];
    if (route.router != node_) continue;
    const auto named = net::IpPrefix::Parse(to.address.text);
    const bool narrower = named.ok() && route.prefix.Contains(*named);
    granted.push_back(narrower ? *named : route.prefix);
  }
  return granted;
}

FilterMaker::Sources FilterMaker::GuestsOf() const {
  AddressTexts texts;
  for (const UserId guest : state_.directory.node(node_).shared_to) {
    const auto user = state_.directory.FindUser(guest);
    if (!user.has_value() || !state_.directory.users()[*user]->guest) continue;
    for (const Index device : state_.directory.OfUser(*user)) {
      std::ranges::copy(state_.directory.TextsOf(device),
                        std::back_inserter(texts));
    }
  }
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return std::make_shared<const AddressTexts>(std::move(texts));
}

// Which routes of its peers a node is shown (spec 6.4).
class RoutesShown {
 public:
  RoutesShown(const CompiledState& state, Index node)
      : state_(state), shown_(state.routes.subnets().size()) {
    FindForward(UsesOf(state, node));
    FindBackward(HitsOf(state, node));
    for (const uint32_t own : state.routes.SubnetsOf(node)) {
      for (const uint32_t r : state.routes.Alternatives(own)) Mark(r);
    }
    for (const auto& [route, is_new] : steered_) shown_[route] = true;
  }

  bool Subnet(uint32_t route) const { return shown_[route]; }
  // All exit nodes, or by name.
  bool Exit(Index node) const {
    return all_exits_ || std::ranges::find(exits_, node) != exits_.end();
  }

 private:
  // A prefix is shown at its primary router.
  void Mark(uint32_t route) {
    if (state_.routes.subnets()[route].primary) shown_[route] = true;
  }
  void MarkPrefix(uint32_t route) {
    Mark(state_.routes.Alternatives(route).front());
  }

  void FindForward(const std::vector<uint32_t>& uses);
  void FindBackward(const std::vector<Hit>& hits);
  void Steer(const Flow& flow, const Destination& to);

  const CompiledState& state_;
  std::vector<bool> shown_;
  std::map<uint32_t, bool> steered_;
  Indices exits_;
  bool all_exits_ = false;
};

void RoutesShown::FindForward(const std::vector<uint32_t>& uses) {
  std::vector<bool> regular(shown_.size());
  for (const uint32_t f : uses) {
    const Flow& flow = state_.flows[f];
    if (flow.has_via) continue;
    for (const Destination& to : flow.to) {
      all_exits_ = all_exits_ || to.kind == Kind::kInternet ||
                   to.kind == Kind::kEverything;
      if (to.kind == Kind::kEverything) regular.assign(regular.size(), true);
      for (const uint32_t r : to.routes) regular[r] = true;
    }
  }
  for (uint32_t r = 0; r < regular.size(); ++r) {
    if (regular[r]) MarkPrefix(r);
  }
  for (const uint32_t f : uses) {
    const Flow& flow = state_.flows[f];
    if (!flow.has_via) continue;
    for (Destination to : flow.to) {
      // Where another rule reaches the prefix too, the primary serves it.
      std::erase_if(to.routes, [&](uint32_t r) { return regular[r]; });
      Steer(flow, to);
    }
  }
}

// Of the routers named by `via` the one that comes first serves a prefix.
void RoutesShown::Steer(const Flow& flow, const Destination& to) {
  const auto through = [&](uint32_t r) {
    return std::ranges::binary_search(flow.via,
                                      state_.routes.subnets()[r].router);
  };
  if (to.kind == Kind::kInternet) {
    exits_.insert(exits_.end(), flow.via.begin(), flow.via.end());
  }
  for (const uint32_t route : to.routes) {
    const auto& alternatives = state_.routes.Alternatives(route);
    const auto first = std::ranges::find_if(alternatives, through);
    if (first != alternatives.end()) steered_[*first] = true;
  }
}

void RoutesShown::FindBackward(const std::vector<Hit>& hits) {
  uint32_t done = UINT32_MAX;
  for (const Hit& hit : hits) {
    if (hit.flow == done) continue;
    done = hit.flow;
    for (const uint32_t r : state_.flows[hit.flow].source->routes) Mark(r);
  }
}

Indices GuestsPeers(const CompiledState& state, Index node) {
  Indices peers;
  const auto user = state.directory.UserOf(node);
  for (const Index host : state.index.shared_to[*user]) {
    const std::vector<Hit> hits = HitsOf(state, host);
    const bool reached = std::ranges::any_of(hits, [&](const Hit& hit) {
      return state.flows[hit.flow].source->guests;
    });
    if (reached) peers.push_back(host);
  }
  return peers;
}

void MarkGuests(const CompiledState& state, Index node,
                const std::vector<Hit>& hits, NodeSet& peers) {
  const auto& shared_to = state.directory.node(node).shared_to;
  if (shared_to.empty()) return;
  const bool reached = std::ranges::any_of(hits, [&](const Hit& hit) {
    return state.flows[hit.flow].source->guests;
  });
  if (!reached) return;
  for (const UserId guest : shared_to) {
    const auto user = state.directory.FindUser(guest);
    if (!user.has_value() || !state.directory.users()[*user]->guest) continue;
    for (const Index device : state.directory.OfUser(*user)) {
      peers.Insert(device);
    }
  }
}

}  // namespace

void ForEachTarget(const CompiledState& state, const Flow& flow,
                   const Destination& to,
                   absl::FunctionRef<void(Index)> target) {
  const auto router = [&](uint32_t r) {
    return state.routes.subnets()[r].router;
  };
  if (flow.has_via) {
    for (const Index node : flow.via) {
      const bool serves = to.kind == Kind::kInternet
                              ? !state.routes.ExitsOf(node).empty()
                              : std::ranges::any_of(to.routes, [&](uint32_t r) {
                                  return router(r) == node;
                                });
      if (serves) target(node);
    }
    return;
  }
  if (to.kind == Kind::kEverything) {
    std::ranges::for_each(state.directory.devices(), target);
  } else if (to.kind == Kind::kInternet) {
    std::ranges::for_each(state.routes.exit_nodes(), target);
  } else {
    Indices all = *to.devices;
    for (const uint32_t r : to.routes) all.push_back(router(r));
    std::ranges::for_each(all, target);
  }
}

std::vector<Hit> HitsOf(const CompiledState& state, Index node) {
  std::vector<Hit> hits;
  if (state.directory.IsGuest(node)) return hits;
  std::vector<Hit> own = state.index.at[node];
  std::ranges::sort(own);
  own.erase(std::unique(own.begin(), own.end()), own.end());
  std::ranges::merge(state.index.at_all, own, std::back_inserter(hits));
  return hits;
}

std::vector<uint32_t> UsesOf(const CompiledState& state, Index node) {
  std::vector<uint32_t> uses;
  if (state.directory.IsGuest(node)) return uses;
  std::ranges::merge(state.index.by_all, state.index.by[node],
                     std::back_inserter(uses));
  return uses;
}

Indices PeersOf(const CompiledState& state, Index node) {
  if (state.directory.IsGuest(node)) return GuestsPeers(state, node);
  const std::vector<Hit> hits = HitsOf(state, node);
  NodeSet peers(state.directory.nodes().size());
  bool everyone = false;
  const auto mark = [&](Index peer) { peers.Insert(peer); };
  for (const Hit& hit : hits) {
    const SourceSet& source = *state.flows[hit.flow].source;
    everyone = everyone || source.everyone;
    std::ranges::for_each(source.members, mark);
    std::ranges::for_each(source.routers, mark);
  }
  for (const uint32_t f : UsesOf(state, node)) {
    const Flow& flow = state.flows[f];
    for (const Destination& to : flow.to) {
      if (to.kind == Kind::kEverything && !flow.has_via) {
        everyone = true;
      } else {
        ForEachTarget(state, flow, to, mark);
      }
    }
  }
  if (everyone) std::ranges::for_each(state.directory.devices(), mark);
  MarkGuests(state, node, hits, peers);
  peers.Erase(node);
  return peers.All();
}

NodeView ViewOf(const CompiledState& state, Index node) {
  NodeView view;
  const RoutesShown shown(state, node);
  for (const Index peer : PeersOf(state, node)) {
    PeerView one;
    one.id = state.directory.ids()[peer];
    one.hide_ipv4 = state.attributes[peer].hide_ipv4;
    for (const uint32_t r : state.routes.SubnetsOf(peer)) {
      if (!shown.Subnet(r)) continue;
      one.routes.push_back(state.routes.subnets()[r].prefix);
    }
    one.primary_routes = one.routes;
    if (shown.Exit(peer)) {
      std::ranges::copy(state.routes.ExitsOf(peer),
                        std::back_inserter(one.routes));
      std::ranges::sort(one.routes);
    }
    view.peers.push_back(std::move(one));
  }
  FilterMaker filter(state, node);
  filter.Add(HitsOf(state, node));
  view.filter = filter.Take();
  view.routes = state.routes.ExitsOf(node);
  for (const uint32_t r : state.routes.SubnetsOf(node)) {
    const ServedRoute& route = state.routes.subnets()[r];
    view.routes.push_back(route.prefix);
    if (route.primary) view.primary_routes.push_back(route.prefix);
  }
  std::ranges::sort(view.routes);
  view.cap_map = *state.attributes[node].caps;
  view.ssh = state.ssh.Of(node);
  view.hide_ipv4 = state.attributes[node].hide_ipv4;
  return view;
}

}  // namespace warren::policy
