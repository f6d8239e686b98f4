#include "core/engine/self_network.h"

#include <algorithm>
#include <utility>

#include "core/engine/link_state.h"
#include "core/stun/stun.h"

namespace warren::engine {

void SelfNetwork::SetRelayMap(Instant now, const derp::RelayMap& map) {
  // A round without servers says nothing of the network.
  if (Servers().empty()) report_ = netcheck::Report();
  servers_.SetMap(map);
  home_.SetMap(now, map);
  Recheck(now);
}

void SelfNetwork::SetLink(Instant now, const LinkState& link,
                          path::LinkChange change) {
  if (change == path::LinkChange::kMoved) {
    where_ = netcheck::Whereabouts();
    report_ = netcheck::Report();
    home_.Forget();
  }
  where_.interface_addresses = link.addresses;
  where_.udp4_port = link.udp4_port;
  where_.udp6_port = link.udp6_port;
  UpdateEndpoints();
  Recheck(now);
}

void SelfNetwork::OnResolved(Instant now, absl::string_view hostname,
                             std::vector<net::IpAddress> addresses) {
  if (servers_.OnResolved(hostname, std::move(addresses))) Recheck(now);
}

void SelfNetwork::OnExchange(Instant, uint64_t id,
                             absl::StatusOr<std::string>) {
  const auto pending = exchanges_.Take(id);
  if (!pending) return;
  switch (pending->asker) {
    case Asker::kCaptivePortal:
    case Asker::kPortMapping:
      return;
  }
}

void SelfNetwork::OnRelayLatency(Instant, RelayId,
                                 std::optional<absl::Duration>) {
  // Nothing asks for a latency so far.
}

void SelfNetwork::SetHomeAlive(Instant now, bool alive) {
  home_.SetAlive(now, alive);
  Drain(now);
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
  servers_.WantResolved();
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

net::NatBehavior SelfNetwork::nat() const {
  net::NatBehavior nat;
  if (!where_.mapped_v4) return nat;
  const auto& own = where_.interface_addresses;
  nat.translates =
      std::ranges::find(own, where_.mapped_v4->address()) == own.end();
  if (!*nat.translates) {
    nat.mapping = net::Dependence::kEndpointIndependent;
  } else if (report_.mapping_varies) {
    nat.mapping = *report_.mapping_varies
                      ? net::Dependence::kAddressAndPortDependent
                      : net::Dependence::kEndpointIndependent;
  }
  if (where_.mapped_v4->port() == where_.udp4_port) {
    nat.ports = net::PortAllocation::kPreserving;
  }
  return nat;
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
  return servers_.Stun(where_.udp4_port != 0, where_.udp6_port != 0);
}

void SelfNetwork::Drain(Instant now) {
  while (const auto report = checker_.PollReport()) OnReport(now, *report);
  while (const auto wanted = servers_.Poll()) events_.push_back(*wanted);
  while (const auto changed = home_.Poll()) events_.push_back(*changed);
  // A home that cannot be connected to is judged when patience ends.
  schedule_.next_round =
      std::min(schedule_.next_round, home_.PatienceEnds(now));
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
    home_.OnRound(now, report.latencies);
    schedule_.next_round = Watching(now)
                               ? now + kPeriod + rng_.Jitter(kPeriodJitter)
                               : Instant::Never();
  } else if (!report.latencies.empty()) {
    home_.OnFirstAnswer(now, report.latencies.begin()->first);
  }
  UpdateEndpoints();
}

bool SelfNetwork::Watching(Instant now) const {
  return now < schedule_.active_until || home_.waiting();
}

void SelfNetwork::UpdateEndpoints() {
  std::vector<net::Endpoint> endpoints = netcheck::OwnEndpoints(where_);
  if (endpoints == endpoints_) return;
  endpoints_ = std::move(endpoints);
  events_.push_back(EndpointsChanged{endpoints_});
}

}  // namespace warren::engine
