#include "core/engine/self_network.h"

#include <algorithm>
#include <utility>

#include "core/engine/link_state.h"
#include "core/stun/stun.h"

namespace warren::engine {
namespace {

bool CanBeHome(const derp::RelayRegion& region) {
  return !region.no_measure_no_home && !region.nodes.empty();
}

// The literal in a relay node's address field; nullopt for none and "none".
std::optional<net::IpAddress> Literal(const std::string& text) {
  const auto address = net::IpAddress::Parse(text);
  if (!address.ok()) return std::nullopt;
  return *address;
}

}  // namespace

void SelfNetwork::SetRelayMap(Instant now, const derp::RelayMap& map) {
  // A round without servers says nothing of the network.
  if (Servers().empty()) report_ = netcheck::Report();
  relay_map_ = map;
  const derp::RelayRegion* former = relay_map_.Find(home());
  if (former == nullptr || !CanBeHome(*former)) SetHome(now, RelayId());
  const auto eligible = std::ranges::count_if(relay_map_.regions, CanBeHome);
  if (home() == RelayId() && eligible == 1) SetHome(now, AnyRelay(now));
  Recheck(now);
}

void SelfNetwork::SetLink(Instant now, const LinkState& link) {
  where_ = netcheck::Whereabouts();
  where_.interface_addresses = link.addresses;
  where_.udp4_port = link.udp4_port;
  where_.udp6_port = link.udp6_port;
  report_ = netcheck::Report();
  chooser_.Forget();
  UpdateEndpoints();
  Recheck(now);
}

void SelfNetwork::OnResolved(Instant now, absl::string_view hostname,
                             std::vector<net::IpAddress> addresses) {
  Resolution& known = resolved_[std::string(hostname)];
  known.asked = false;
  if (known.addresses == addresses) return;
  known.addresses = std::move(addresses);
  Recheck(now);
}

void SelfNetwork::OnExchange(Instant, uint64_t, absl::StatusOr<std::string>) {
  // Nothing asks for an exchange so far.
}

void SelfNetwork::OnRelayLatency(Instant, RelayId,
                                 std::optional<absl::Duration>) {
  // Nothing asks for a latency so far.
}

void SelfNetwork::SetHomeAlive(Instant now, bool alive) {
  if (alive) home_.avoid_until.erase(home());
  if (alive == home_.alive) return;
  home_.alive = alive;
  if (alive) return;
  home_.dead_since = now;
  schedule_.next_round = std::min(schedule_.next_round, now + kHomePatience);
}

void SelfNetwork::NoteActivity(Instant now) {
  schedule_.active_until = now + kActive;
  if (!schedule_.next_round.IsNever() || checker_.running()) return;
  schedule_.next_round = std::max(now, schedule_.last_round + kPeriod);
}

bool SelfNetwork::OnStun(Instant now, Bytes datagram) {
  const auto response = stun::ParseResponse(datagram);
  if (!response.ok() || !checker_.OnResponse(now, *response)) return false;
  Drain(now);
  return true;
}

void SelfNetwork::Refresh(Instant now, absl::Duration max_age) {
  if (!checker_.running() && now - schedule_.last_round >= max_age) {
    Recheck(now);
  }
}

void SelfNetwork::Recheck(Instant now) {
  schedule_.last_round = now;
  schedule_.next_round = Instant::Never();
  WantResolved();
  std::vector<netcheck::Server> servers = Servers();
  schedule_.any_server = !servers.empty();
  checker_.Start(now, std::move(servers));
  Drain(now);
}

void SelfNetwork::OnTimeout(Instant now) {
  checker_.OnTimeout(now);
  Drain(now);
  if (now < schedule_.next_round) return;
  schedule_.next_round = Instant::Never();
  if (Watching(now)) Recheck(now);
}

std::optional<SelfNetwork::Event> SelfNetwork::PollEvent() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

Instant SelfNetwork::Next() const {
  return std::min(checker_.Next(), schedule_.next_round);
}

NetworkStatus SelfNetwork::Status() const {
  NetworkStatus status;
  status.udp_v4 = report_.mapped_v4.has_value();
  status.udp_v6 = report_.mapped_v6.has_value();
  status.mapping_varies = report_.mapping_varies;
  status.mapped_v4 = where_.mapped_v4;
  status.mapped_v6 = where_.mapped_v6;
  status.home_relay = home();
  for (const auto& [relay, latency] : report_.latencies) {
    status.latencies.push_back({relay, latency});
  }
  return status;
}

std::vector<netcheck::Server> SelfNetwork::Servers() const {
  std::vector<netcheck::Server> servers;
  for (const derp::RelayRegion& region : relay_map_.regions) {
    if (region.no_measure_no_home) continue;
    for (const derp::RelayNode& node : region.nodes) {
      AddServers(region, node, servers);
    }
  }
  return servers;
}

void SelfNetwork::AddServers(const derp::RelayRegion& region,
                             const derp::RelayNode& node,
                             std::vector<netcheck::Server>& servers) const {
  const uint16_t port = node.StunPort();
  if (port == 0) return;
  std::vector<net::IpAddress> addresses;
  for (const std::string& text : {node.ipv4, node.ipv6}) {
    if (const auto literal = Literal(text)) addresses.push_back(*literal);
  }
  if (node.ipv4.empty() && node.ipv6.empty()) {
    if (const auto literal = Literal(node.hostname)) {
      addresses.push_back(*literal);
    }
  }
  if (const auto it = resolved_.find(node.hostname); it != resolved_.end()) {
    for (const net::IpAddress& address : it->second.addresses) {
      const bool wanted =
          address.is_v4() ? node.ipv4.empty() : node.ipv6.empty();
      if (wanted) addresses.push_back(address);
    }
  }
  for (const net::IpAddress& address : addresses) {
    const uint16_t socket =
        address.is_v4() ? where_.udp4_port : where_.udp6_port;
    if (socket != 0) servers.push_back({region.id, {address, port}});
  }
}

void SelfNetwork::WantResolved() {
  for (const derp::RelayRegion& region : relay_map_.regions) {
    for (const derp::RelayNode& node : region.nodes) {
      if (!node.ipv4.empty() || !node.ipv6.empty()) continue;
      if (node.hostname.empty() || Literal(node.hostname)) continue;
      Resolution& known = resolved_[node.hostname];
      if (!known.asked && known.addresses.empty()) {
        known.asked = true;
        events_.push_back(ResolveWanted{node.hostname});
      }
    }
  }
}

void SelfNetwork::Drain(Instant now) {
  while (const auto report = checker_.PollReport()) OnReport(now, *report);
}

void SelfNetwork::OnReport(Instant now, const netcheck::Report& report) {
  // One lost round is no news; two, or an answer of the other family, are.
  const bool believe =
      report.complete && (report.udp_works() || !report_.udp_works());
  if (believe || report.mapped_v4) where_.mapped_v4 = report.mapped_v4;
  if (believe || report.mapped_v6) where_.mapped_v6 = report.mapped_v6;
  if (report.mapping_varies) where_.mapping_varies = *report.mapping_varies;
  if (report.complete) {
    report_ = report;
    Instant next = now + kPeriod + rng_.Jitter(kPeriodJitter);
    const Instant patience_ends = home_.dead_since + kHomePatience;
    if (!home_.alive && now < patience_ends) next = patience_ends;
    schedule_.next_round = Watching(now) ? next : Instant::Never();
  }
  ChooseHome(now, report);
  UpdateEndpoints();
}

void SelfNetwork::ChooseHome(Instant now, const netcheck::Report& report) {
  if (!report.complete) {
    // The first to answer is the fastest; be reachable now, refine later.
    if (home() == RelayId() && !report.latencies.empty()) {
      SetHome(now, report.latencies.begin()->first);
    }
    return;
  }
  const bool given_up = home() != RelayId() && !home_.alive &&
                        now - home_.dead_since >= kHomePatience;
  if (given_up) home_.avoid_until[home()] = now + kAvoid;
  netcheck::HomeRelayChooser::Latencies latencies = report.latencies;
  std::erase_if(latencies, [&](const auto& measured) {
    return Avoided(now, measured.first);
  });
  RelayId chosen = chooser_.Choose(now, latencies, home(), home_.alive);
  // Nothing is measurable, so any relay will do, and the one we have best.
  if (chosen == RelayId()) {
    chosen = home() == RelayId() || given_up ? AnyRelay(now) : home();
  }
  SetHome(now, chosen);
}

RelayId SelfNetwork::AnyRelay(Instant now) {
  std::vector<RelayId> eligible;
  for (const derp::RelayRegion& region : relay_map_.regions) {
    if (CanBeHome(region)) eligible.push_back(region.id);
  }
  std::vector<RelayId> fresh = eligible;
  std::erase_if(fresh, [&](RelayId relay) { return Avoided(now, relay); });
  if (!fresh.empty()) eligible = std::move(fresh);
  if (eligible.empty()) return RelayId();
  return eligible[rng_.Below(eligible.size())];
}

void SelfNetwork::SetHome(Instant now, RelayId relay) {
  if (relay == home()) return;
  home_.relay = relay;
  home_.alive = false;
  home_.dead_since = now;
  if (relay != RelayId()) {
    schedule_.next_round = std::min(schedule_.next_round, now + kHomePatience);
  }
  events_.push_back(HomeRelayChanged{relay});
}

bool SelfNetwork::Avoided(Instant now, RelayId relay) const {
  const auto it = home_.avoid_until.find(relay);
  return it != home_.avoid_until.end() && now < it->second;
}

bool SelfNetwork::Watching(Instant now) const {
  return now < schedule_.active_until || (home() != RelayId() && !home_.alive);
}

void SelfNetwork::UpdateEndpoints() {
  std::vector<net::Endpoint> endpoints = netcheck::OwnEndpoints(where_);
  if (endpoints == endpoints_) return;
  endpoints_ = std::move(endpoints);
  events_.push_back(EndpointsChanged{endpoints_});
}

}  // namespace warren::engine
