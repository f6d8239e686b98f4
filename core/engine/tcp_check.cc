#include "core/engine/tcp_check.h"

#include <algorithm>
#include <utility>

#include "core/netcheck/captive_portal.h"

namespace warren::engine {

void TcpCheck::Start(Instant now, const RelayServers& servers, RelayId home) {
  Stop();
  ends_at_ = now + kTime;
  RelayLatencyWanted wanted;
  for (const derp::RelayRegion& region : servers.map().regions) {
    const bool speaks_derp = std::ranges::any_of(
        region.nodes, [](const auto& node) { return !node.stun_only; });
    if (region.no_measure_no_home || !speaks_derp) continue;
    wanted.relays.push_back(region.id);
    awaited_.insert(region.id);
  }
  if (!wanted.relays.empty()) events_.push_back(std::move(wanted));
  const derp::RelayRegion* first = servers.map().Find(home);
  if (first != nullptr) AskForPortal(servers, *first);
  for (const derp::RelayRegion& region : servers.map().regions) {
    if (&region != first) AskForPortal(servers, region);
  }
}

void TcpCheck::Stop() {
  ends_at_ = Instant::Never();
  exchanges_.clear();
  awaited_.clear();
  latencies_.clear();
  relay_answered_ = false;
  portal_answered_ = false;
  web_answered_ = false;
  events_.clear();
}

bool TcpCheck::OnExchange(uint64_t id,
                          const absl::StatusOr<std::string>& response) {
  const auto it = exchanges_.find(id);
  if (it == exchanges_.end()) return false;
  if (response.ok()) {
    const Target& target = it->second;
    const auto verdict = netcheck::JudgePortalResponse(*response, target.to);
    relay_answered_ |= verdict == netcheck::PortalVerdict::kRelay;
    const bool other = verdict == netcheck::PortalVerdict::kPortal;
    (target.relay_port ? portal_answered_ : web_answered_) |= other;
  }
  exchanges_.erase(it);
  return true;
}

void TcpCheck::OnRelayLatency(RelayId relay,
                              std::optional<absl::Duration> latency) {
  if (awaited_.erase(relay) == 0 || !latency) return;
  latencies_[relay] = *latency;
}

bool TcpCheck::TakeEnd(Instant now) {
  if (!running()) return false;
  if (now < ends_at_ && !(awaited_.empty() && exchanges_.empty())) return false;
  ends_at_ = Instant::Never();
  return true;
}

std::optional<TcpCheck::Event> TcpCheck::Poll() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<bool> TcpCheck::captive_portal() const {
  if (portal_answered_) return true;
  // A portal lets no HTTPS through: then it is the web site of that machine.
  if (relay_answered_ || !latencies_.empty()) return false;
  if (web_answered_) return true;
  return std::nullopt;
}

void TcpCheck::AskForPortal(const RelayServers& servers,
                            const derp::RelayRegion& region) {
  if (region.no_measure_no_home) return;
  for (const derp::RelayNode& node : region.nodes) {
    for (const net::IpAddress& address : servers.AddressesOf(node)) {
      if (!address.is_v4() || exchanges_.size() == kMaxTargets) continue;
      const uint16_t port =
          node.plain_http ? node.DerpPort() : netcheck::kPortalPort;
      const net::Endpoint to(address, port);
      exchanges_.emplace(++last_id_, Target{to, node.plain_http});
      events_.push_back(
          ExchangeWanted{.id = last_id_,
                         .to = to,
                         .request = netcheck::PortalRequest(to, rng_.U64()),
                         .max_bytes = netcheck::kMaxPortalResponse,
                         .timeout = kExchangeTime});
    }
  }
}

}  // namespace warren::engine
