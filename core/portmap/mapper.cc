#include "core/portmap/mapper.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/overloaded.h"
#include "core/portmap/nat_pmp.h"
#include "core/portmap/ssdp.h"

namespace warren::portmap {
namespace {

constexpr Protocol kAll[] = {Protocol::kPcp, Protocol::kNatPmp,
                             Protocol::kUpnp};

// The least between two tries to renew what is about to end.
constexpr absl::Duration kRenewPause = absl::Seconds(10);

size_t Index(Protocol protocol) { return static_cast<size_t>(protocol); }

}  // namespace

void Mapper::SetGateway(Instant now, const std::optional<Gateway>& gateway,
                        uint16_t local_port) {
  const bool wanted = gateway && gateway->Mappable() && local_port != 0;
  if (wanted && router_ && router_->gateway == *gateway &&
      router_->local_port == local_port) {
    return;
  }
  if (router_) {
    // A request under way may be granted, too. By UPnP the port may be somebody
    // else's; by the others only ours can end.
    const bool asking = round_.phase == Phase::kRequest;
    if (mapping_) {
      Delete(*mapping_);
    } else if (asking && round_.asking != Protocol::kUpnp) {
      Delete({round_.asking, router_->wish, now});
    }
    CollectOutput();
    router_.reset();
  }
  mapping_.reset();
  round_ = Round();
  last_ = Last();
  services_ = Services();
  trouble_ = absl::OkStatus();
  if (!wanted) return;
  router_.emplace(rng_, next_exchange_id_, *gateway, local_port);
  BeginRound(now);
}

bool Mapper::OnDatagram(Instant now, const net::Endpoint& from,
                        Bytes datagram) {
  if (!router_ || from.address() != router_->gateway.router) return false;
  bool understood = false;
  if (from.port() == kPortControlPort) {
    understood = router_->control.OnDatagram(now, datagram);
  } else if (const auto reply = ParseSearchReply(datagram); reply.ok()) {
    understood = router_->igd.OnSearchReply(*reply);
  }
  Drain(now);
  return understood;
}

bool Mapper::OnExchange(Instant now, uint64_t id,
                        const absl::StatusOr<std::string>& response) {
  if (!router_ || !router_->igd.OnExchange(now, id, response)) return false;
  Drain(now);
  return true;
}

void Mapper::OnPublicAddress(Instant now, const net::IpAddress& address) {
  const auto before = std::exchange(last_.public_address, address);
  if (!mapping_ || !before || *before == address) return;
  Renew(now, kHastyInterval);
  Drain(now);
}

void Mapper::Check(Instant now) {
  if (router_ && round_.phase == Phase::kWait && now >= round_.due) {
    return BeginRound(now);
  }
  if (!mapping_ || round_.phase != Phase::kMapped) return;
  const bool upnp = mapping_->protocol == Protocol::kUpnp;
  if (now - last_.check < (upnp ? kUpnpCheckInterval : kCheckInterval)) return;
  last_.check = now;
  if (upnp) {
    router_->igd.Check(now, mapping_->external);
  } else {
    router_->control.Check(mapping_->protocol);
  }
  Drain(now);
}

void Mapper::OnTimeout(Instant now) {
  if (!router_) return;
  router_->control.OnTimeout(now);
  router_->igd.OnTimeout(now);
  if (round_.search.Take(now) == Retransmission::Due::kSend) SendSearches();
  if (now >= round_.began + kSearch) round_.search_over = true;
  Drain(now);
  if (mapping_ && now >= mapping_->valid_until) {
    mapping_.reset();
    if (round_.phase == Phase::kMapped) BeginRound(now);
  }
  if (now >= round_.due && round_.phase == Phase::kMapped) {
    Renew(now, absl::ZeroDuration());
  }
  Drain(now);
}

Instant Mapper::Next() const {
  if (!router_) return Instant::Never();
  return std::min({
      router_->control.Next(),
      router_->igd.Next(),
      round_.search.Next(),
      round_.search_over ? Instant::Never() : round_.began + kSearch,
      mapping_ ? mapping_->valid_until : Instant::Never(),
      round_.phase == Phase::kWait ? Instant::Never() : round_.due,
  });
}

std::optional<Datagram> Mapper::PollDatagram() {
  if (out_.datagrams.empty()) return std::nullopt;
  Datagram datagram = std::move(out_.datagrams.front());
  out_.datagrams.pop_front();
  return datagram;
}

std::optional<Exchange> Mapper::PollExchange() {
  if (out_.exchanges.empty()) return std::nullopt;
  Exchange exchange = std::move(out_.exchanges.front());
  out_.exchanges.pop_front();
  return exchange;
}

void Mapper::BeginRound(Instant now) {
  round_ = Round();
  round_.phase = Phase::kSearch;
  round_.began = now;
  round_.search.Start(now);
  router_->igd.Stop();
  router_->igd.ForgetSearchReplies();
  router_->control.Probe(now);
  if (round_.search.Take(now) == Retransmission::Due::kSend) SendSearches();
  Drain(now);
}

void Mapper::SendSearches() {
  if (router_->igd.seen()) return round_.search.Stop();
  for (Datagram& search : BuildSearches(router_->gateway.router)) {
    out_.datagrams.push_back(std::move(search));
  }
}

std::optional<bool> Mapper::Seen(Protocol protocol) const {
  std::optional<bool> seen;
  switch (protocol) {
    case Protocol::kPcp:
      seen = router_->control.pcp();
      break;
    case Protocol::kNatPmp:
      seen = router_->control.nat_pmp();
      break;
    case Protocol::kUpnp:
      if (router_->igd.seen()) seen = true;
      break;
  }
  if (!seen && round_.search_over) seen = false;
  return seen;
}

void Mapper::Decide(Instant now) {
  const bool idle =
      round_.phase == Phase::kSearch || round_.phase == Phase::kWait;
  if (!idle) return;
  if (const auto best = BestUntried(now)) return Request(now, *best);
  if (round_.phase == Phase::kWait) return;
  if (round_.search_over) return Wait(now);
  const bool patient = now < round_.began + kPatience;
  round_.due = round_.began + (patient ? kPatience : kSearch);
}

std::optional<Protocol> Mapper::BestUntried(Instant now) const {
  for (const Protocol protocol : kAll) {
    if (round_.tried[Index(protocol)]) continue;
    const std::optional<bool> seen = Seen(protocol);
    if (seen == true) return protocol;
    if (!seen && now < round_.began + kPatience) return std::nullopt;
  }
  return std::nullopt;
}

void Mapper::Request(Instant now, Protocol protocol) {
  round_.phase = Phase::kRequest;
  round_.asking = protocol;
  round_.due = Instant::Never();
  last_.request = now;
  if (protocol == Protocol::kUpnp) {
    router_->igd.Request(now, router_->wish);
  } else {
    router_->control.Request(now, protocol, router_->wish);
  }
}

void Mapper::Renew(Instant now, absl::Duration pause) {
  if (round_.phase != Phase::kMapped) return;
  const Instant earliest = last_.request + pause;
  if (now < earliest) {
    round_.due = std::min(round_.due, earliest);
    return;
  }
  const Protocol protocol = mapping_->protocol;
  if (round_.replacing) mapping_.reset();
  // By UPnP the service may be elsewhere, and the port somebody else's.
  if (round_.replacing && protocol == Protocol::kUpnp) return BeginRound(now);
  round_.renewing = true;
  Request(now, protocol);
}

void Mapper::Drain(Instant now) {
  const auto next_event = [this] {
    auto event = router_->control.PollEvent();
    return event ? event : router_->igd.PollEvent();
  };
  while (true) {
    while (const auto event = next_event()) {
      std::visit(Overloaded{
                     [&](const Granted& granted) { OnGranted(now, granted); },
                     [&](const Failed& failed) { OnFailed(now, failed); },
                     [&](const Lost&) { OnLost(now); },
                 },
                 *event);
    }
    const Phase before = round_.phase;
    Decide(now);
    if (round_.phase == before) break;
  }
  const auto update = [this](std::optional<bool>& known, Protocol protocol) {
    if (const auto seen = Seen(protocol)) known = seen;
  };
  update(services_.pcp, Protocol::kPcp);
  update(services_.nat_pmp, Protocol::kNatPmp);
  update(services_.upnp, Protocol::kUpnp);
  CollectOutput();
}

void Mapper::CollectOutput() {
  while (auto datagram = router_->control.PollDatagram()) {
    out_.datagrams.push_back(*std::move(datagram));
  }
  while (auto exchange = router_->igd.PollExchange()) {
    out_.exchanges.push_back(*std::move(exchange));
  }
}

void Mapper::OnGranted(Instant now, const Granted& granted) {
  const bool asked =
      round_.phase == Phase::kRequest && round_.asking == granted.protocol;
  if (mapping_ && mapping_->protocol != granted.protocol) {
    if (!asked) return;
    // One port on the router may be both; then it must stay.
    if (mapping_->external.port() != granted.external.port()) {
      Delete(*mapping_);
    }
  }
  if (!asked && granted.protocol != Protocol::kUpnp) router_->igd.Stop();
  const absl::Duration lifetime =
      std::min(granted.lifetime, kRequestedLifetime);
  mapping_ = Mapping{granted.protocol, granted.external, now + lifetime};
  router_->wish = granted.external;
  round_.phase = Phase::kMapped;
  round_.renewing = false;
  round_.replacing = false;
  round_.due = now + lifetime / 2;
  last_.failures = 0;
  trouble_ = absl::OkStatus();
}

void Mapper::OnFailed(Instant now, const Failed& failed) {
  if (round_.phase != Phase::kRequest || round_.asking != failed.protocol) {
    return;
  }
  trouble_ = failed.why;
  round_.tried[Index(failed.protocol)] = true;
  round_.refused_for = std::max(round_.refused_for, failed.retry_after);
  const bool refused = !absl::IsUnavailable(failed.why);
  if (refused || round_.replacing) mapping_.reset();
  if (!std::exchange(round_.renewing, false)) {
    round_.phase = Phase::kSearch;  // Decide() goes on
    return;
  }
  if (!mapping_ || failed.protocol == Protocol::kUpnp) return BeginRound(now);
  round_.phase = Phase::kMapped;
  round_.due = now + std::max((mapping_->valid_until - now) / 2, kRenewPause);
}

void Mapper::OnLost(Instant now) {
  if (!mapping_) return;
  round_.replacing = true;
  Renew(now, kHastyInterval);
}

void Mapper::Delete(const Mapping& mapping) {
  if (mapping.protocol == Protocol::kUpnp) {
    router_->igd.Delete(mapping.external);
  } else {
    router_->control.Delete(mapping.protocol);
  }
}

void Mapper::Wait(Instant now) {
  absl::Duration wait = kFirstWait;
  for (int i = 0; i < last_.failures && wait < kLongestWait; ++i) wait *= 2;
  ++last_.failures;
  wait = std::max(wait, round_.refused_for);
  round_.phase = Phase::kWait;
  round_.due = now + std::min(wait, kLongestWait);
  if (trouble_.ok()) {
    trouble_ = absl::NotFoundError("the router offers no port mapping");
  }
}

}  // namespace warren::portmap
