#include "core/engine/self_network.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/netcheck/own_endpoints.h"
#include "core/stun/stun.h"

namespace warren::engine {
namespace {

using netcheck::Depth;

// What is `fresh` and known in place of what was known.
void Merge(const net::NatBehavior& fresh, net::NatBehavior& known) {
  if (fresh.translates) known.translates = fresh.translates;
  if (fresh.mapping != net::Dependence::kUnknown) known.mapping = fresh.mapping;
  if (fresh.filtering != net::Dependence::kUnknown) {
    known.filtering = fresh.filtering;
  }
  if (fresh.ports != net::PortAllocation::kUnknown) {
    known.ports = fresh.ports;
    known.port_step = fresh.port_step;
  }
  if (fresh.hairpins) known.hairpins = fresh.hairpins;
}

bool SameAddresses(const LinkState& a, const LinkState& b, net::Family family) {
  const auto of_family = [family](const LinkState& link) {
    std::vector<net::IpAddress> some;
    for (const net::IpAddress& address : link.addresses) {
      if (address.family() == family) some.push_back(address);
    }
    return some;
  };
  return of_family(a) == of_family(b);
}

// Whether datagrams of the family take the same way in both.
bool SameV6(const LinkState& a, const LinkState& b) {
  return SameAddresses(a, b, net::Family::kV6) && a.udp6_port == b.udp6_port &&
         a.default_v6_interface == b.default_v6_interface;
}

bool SameV4(const LinkState& a, const LinkState& b) {
  return SameAddresses(a, b, net::Family::kV4) && a.udp4_port == b.udp4_port &&
         a.default_v4_interface == b.default_v4_interface &&
         a.gateway == b.gateway && a.nat64_prefix == b.nat64_prefix &&
         (!a.nat64_prefix || SameV6(a, b));
}

}  // namespace

void SelfNetwork::SetRelayMap(Instant now, const derp::RelayMap& map) {
  // A round without servers says nothing of the network.
  if (Servers().empty()) report_ = netcheck::Report();
  servers_.SetMap(map);
  home_.SetMap(now, map);
  Begin(now, std::max(DueDepth(now), Depth::kFull));
}

void SelfNetwork::SetLink(Instant now, const LinkState& link,
                          path::LinkChange change) {
  if (change == path::LinkChange::kMoved) {
    // The one family may go while the other stays as it is.
    if (!SameV4(link_, link)) {
      port_mapping_.mapper().Release(now);
      known_.mapped_v4.reset();
      known_.others_v4.clear();
      known_.nat = net::NatBehavior();
    }
    if (!SameV6(link_, link)) known_.mapped_v6.reset();
    report_ = netcheck::Report();
    home_.Forget();
  }
  link_ = link;
  schedule_.nat_due = true;
  schedule_.last_nat = schedule_.last_tcp = Instant::LongAgo();
  tcp_.Stop();
  port_mapping_.SetLink(now, link);
  Begin(now, Depth::kNat);
}

void SelfNetwork::Close(Instant now) {
  port_mapping_.mapper().Release(now);
  Drain(now);
}

void SelfNetwork::OnResolved(Instant now, absl::string_view hostname,
                             std::vector<net::IpAddress> addresses) {
  if (!servers_.OnResolved(hostname, std::move(addresses))) return;
  Begin(now, std::max(DueDepth(now), Depth::kFull));
}

void SelfNetwork::OnExchange(Instant now, uint64_t id,
                             absl::StatusOr<std::string> response) {
  const bool asked = id >= portmap::kFirstExchangeId
                         ? port_mapping_.mapper().OnExchange(now, id, response)
                         : tcp_.OnExchange(id, response);
  if (asked) Drain(now);
}

void SelfNetwork::OnRelayLatency(Instant now, RelayId relay,
                                 std::optional<absl::Duration> latency) {
  tcp_.OnRelayLatency(relay, latency);
  Drain(now);
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

bool SelfNetwork::OnStun(Instant now, const net::Endpoint& from,
                         Bytes datagram) {
  if (const auto request =
          stun::ParseRequest(datagram, stun::Answer::kTailnetClients)) {
    if (!checker_.OnRequest(now, request->txid)) return false;
  } else {
    const auto response = stun::ParseResponse(datagram);
    if (!response.ok() || !checker_.OnResponse(now, from, *response)) {
      return false;
    }
  }
  Drain(now);
  return true;
}

bool SelfNetwork::OnPortMapping(Instant now, const net::Endpoint& from,
                                Bytes datagram) {
  const bool understood =
      port_mapping_.mapper().OnDatagram(now, from, datagram);
  Drain(now);
  return understood;
}

void SelfNetwork::Refresh(Instant now, absl::Duration max_age) {
  if (!checker_.running() && now - schedule_.last_round >= max_age) {
    Begin(now, DueDepth(now));
  }
}

void SelfNetwork::Recheck(Instant now) {
  schedule_.nat_due = true;
  schedule_.last_tcp = Instant::LongAgo();
  // Most likely it still is, and both take seconds.
  const bool still_blocked = udp_blocked();
  Begin(now, Depth::kNat);
  if (!still_blocked) return;
  schedule_.last_tcp = now;
  tcp_.Start(now, servers_, home());
  Drain(now);
}

void SelfNetwork::OnTimeout(Instant now) {
  checker_.OnTimeout(now);
  port_mapping_.mapper().OnTimeout(now);
  Drain(now);
  if (now < schedule_.next_round) return;
  schedule_.next_round = Instant::Never();
  if (Watching(now)) Begin(now, DueDepth(now));
}

std::optional<SelfNetwork::Event> SelfNetwork::PollEvent() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

Instant SelfNetwork::Next() const {
  return std::min({checker_.Next(), tcp_.Next(), schedule_.next_round,
                   port_mapping_.mapper().Next()});
}

std::optional<bool> SelfNetwork::captive_portal() const {
  if (report_.udp_works()) return false;
  return tcp_.captive_portal();
}

NetworkStatus SelfNetwork::Status() const {
  NetworkStatus status;
  status.checking = checker_.running() || tcp_.running();
  status.udp_v4 = report_.udp_v4;
  status.udp_v6 = report_.udp_v6;
  status.mapped_v4 = known_.mapped_v4;
  status.mapped_v6 = known_.mapped_v6;
  status.nat = known_.nat;
  status.captive_portal = captive_portal();
  const portmap::Mapper& mapper = port_mapping_.mapper();
  status.port_mapping = {.nat_pmp = mapper.services().nat_pmp,
                         .pcp = mapper.services().pcp,
                         .upnp = mapper.services().upnp,
                         .external = port_mapping_.external(),
                         .trouble = mapper.trouble()};
  status.home_relay = home();
  const auto& latencies =
      report_.latencies.empty() ? tcp_.latencies() : report_.latencies;
  for (const auto& [relay, latency] : latencies) {
    status.latencies.push_back({relay, latency});
  }
  return status;
}

std::vector<netcheck::Server> SelfNetwork::Servers() const {
  return servers_.Stun(link_.udp4_port != 0 || UsesNat64(),
                       link_.udp6_port != 0);
}

bool SelfNetwork::UsesNat64() const {
  const bool has_v4 =
      link_.udp4_port != 0 &&
      std::ranges::any_of(link_.addresses, [](const net::IpAddress& address) {
        return address.is_v4() && !address.IsLoopback();
      });
  return !has_v4 && link_.udp6_port != 0 && link_.nat64_prefix.has_value();
}

netcheck::Depth SelfNetwork::DueDepth(Instant now) const {
  if (schedule_.nat_due && now - schedule_.last_nat >= kNatPeriod) {
    return Depth::kNat;
  }
  const bool full =
      now - schedule_.last_full >= kFullPeriod || report_.latencies.empty();
  return full ? Depth::kFull : Depth::kIncremental;
}

void SelfNetwork::Begin(Instant now, Depth depth) {
  if (checker_.running()) depth = std::max(depth, schedule_.depth);
  schedule_.last_round = now;
  schedule_.next_round = Instant::Never();
  schedule_.depth = depth;
  if (depth != Depth::kIncremental) schedule_.last_full = now;
  servers_.WantResolved();
  const std::vector<netcheck::Server> servers = Servers();
  schedule_.any_server = !servers.empty();
  const netcheck::LastRound last{report_.latencies, home(), report_.udp_v4,
                                 report_.udp_v6};
  checker_.Start(now,
                 depth == Depth::kIncremental
                     ? netcheck::IncrementalPlan(servers, last)
                     : netcheck::FullPlan(servers),
                 depth,
                 {.own = link_.addresses,
                  .port_v4 = UsesNat64() ? link_.udp6_port : link_.udp4_port,
                  .mapped_v4 = known_.mapped_v4,
                  .mapped_v6 = known_.mapped_v6});
  port_mapping_.mapper().Check(now);
  Drain(now);
}

std::optional<net::Endpoint> SelfNetwork::stun_server_v4() const {
  const auto servers = servers_.Stun(true, false);
  if (servers.empty()) return std::nullopt;
  const auto at_home =
      std::ranges::find(servers, home(), &netcheck::Server::relay);
  return at_home != servers.end() ? at_home->endpoint : servers[0].endpoint;
}

void SelfNetwork::Drain(Instant now) {
  while (const auto report = checker_.PollReport()) OnReport(now, *report);
  if (tcp_.TakeEnd(now)) home_.OnRound(now, tcp_.latencies());
  while (auto event = tcp_.Poll()) {
    std::visit([this](auto& wanted) { events_.push_back(std::move(wanted)); },
               *event);
  }
  while (auto wanted = servers_.Poll()) events_.push_back(std::move(*wanted));
  while (const auto changed = home_.Poll()) events_.push_back(*changed);
  if (schedule_.sockets_open != checker_.wants_sockets()) {
    schedule_.sockets_open = checker_.wants_sockets();
    events_.push_back(SocketsWanted{.first = kFirstCheckSocket,
                                    .count = netcheck::NatCheck::kNumSockets,
                                    .wanted = schedule_.sockets_open});
  }
  while (auto event = port_mapping_.PollEvent()) {
    std::visit([this](auto& e) { events_.push_back(std::move(e)); }, *event);
  }
  UpdateEndpoints();
  // A home that cannot be connected to is judged when patience ends.
  schedule_.next_round =
      std::min(schedule_.next_round, home_.PatienceEnds(now));
}

void SelfNetwork::OnReport(Instant now, const netcheck::Report& report) {
  // One lost round is no news; two, or an answer of the other family, are.
  const bool believe =
      report.complete && (report.udp_works() || !report_.udp_works());
  if (believe || report.mapped_v4) {
    known_.mapped_v4 = report.mapped_v4;
    known_.others_v4 = report.others_v4;
  }
  if (believe || report.mapped_v6) known_.mapped_v6 = report.mapped_v6;
  // Another NAT, then, or the lie of a server that outvotes its only fellow.
  const bool other_nat = report.nat.mapping != net::Dependence::kUnknown &&
                         known_.nat.mapping != net::Dependence::kUnknown &&
                         report.nat.hard() != known_.nat.hard();
  if (report.complete && schedule_.depth == Depth::kIncremental && other_nat) {
    schedule_.nat_due = true;
  }
  Merge(report.nat, known_.nat);
  if (report.complete) {
    OnComplete(now, report);
  } else if (!report.latencies.empty()) {
    home_.OnFirstAnswer(now, report.latencies.begin()->first);
  }
  if (known_.mapped_v4) {
    port_mapping_.mapper().OnPublicAddress(now, known_.mapped_v4->address());
  }
}

void SelfNetwork::OnComplete(Instant now, const netcheck::Report& report) {
  report_ = report;
  if (schedule_.depth == Depth::kNat && report.udp_v4) {
    schedule_.nat_due = false;
    schedule_.last_nat = now;
  }
  home_.OnRound(now, report.latencies);
  schedule_.next_round = Watching(now)
                             ? now + kPeriod + rng_.Jitter(kPeriodJitter)
                             : Instant::Never();
  if (!udp_blocked()) return tcp_.Stop();
  if (now - schedule_.last_tcp < kFullPeriod) return;
  schedule_.last_tcp = now;
  tcp_.Start(now, servers_, home());
}

bool SelfNetwork::Watching(Instant now) const {
  return now < schedule_.active_until || home_.waiting();
}

void SelfNetwork::UpdateEndpoints() {
  std::vector<net::Endpoint> endpoints =
      netcheck::OwnEndpoints({.interface_addresses = link_.addresses,
                              .udp4_port = link_.udp4_port,
                              .udp6_port = link_.udp6_port,
                              .port_mapped = port_mapping_.external(),
                              .mapped_v4 = known_.mapped_v4,
                              .mapped_v6 = known_.mapped_v6,
                              .others_v4 = known_.others_v4,
                              .mapping_varies = known_.nat.hard()});
  if (endpoints == endpoints_) return;
  endpoints_ = std::move(endpoints);
  events_.push_back(EndpointsChanged{endpoints_});
}

}  // namespace warren::engine
