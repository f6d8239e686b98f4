#include "core/engine/why_evidence.h"

#include <algorithm>
#include <ranges>

namespace warren::engine {
namespace {

using path::ProbeKind;

constexpr int kLanBits = 24;

bool IsDirect(const net::Endpoint& endpoint) {
  return endpoint.IsSet() && !endpoint.IsRelay();
}

bool IsLan(const OwnEndpoint& own) {
  const net::IpAddress& address = own.endpoint.address();
  return own.origin == EndpointOrigin::kInterface && address.is_v4() &&
         address.IsPrivate();
}

}  // namespace

const WhyEvent* LatestOf(const WhyReport& report, ProbeKind kind) {
  for (const WhyEvent& event : std::views::reverse(report.events)) {
    if (event.ago <= kLately && event.kind == kind) return &event;
  }
  return nullptr;
}

const WhyEvent* LatestLoss(const WhyReport& report) {
  const WhyEvent* lost = LatestOf(report, ProbeKind::kPathLost);
  const WhyEvent* doubted = LatestOf(report, ProbeKind::kPathDoubted);
  if (lost == nullptr || doubted == nullptr) {
    return lost != nullptr ? lost : doubted;
  }
  return doubted->ago < lost->ago ? doubted : lost;
}

std::optional<absl::Duration> SearchingSince(const WhyReport& report) {
  for (const WhyEvent& event : report.events) {
    const bool search =
        (event.kind == ProbeKind::kPingSent && IsDirect(event.endpoint)) ||
        event.kind == ProbeKind::kCallSent;
    if (search && event.ago <= kLately) return event.ago;
  }
  std::optional<absl::Duration> since;
  for (const WhyCandidate& candidate : report.candidates) {
    if (!candidate.ping_ago || *candidate.ping_ago > kLately) continue;
    if (!since || *candidate.ping_ago > *since) since = candidate.ping_ago;
  }
  return since;
}

bool Hears(const WhyReport& report) {
  const auto heard = [](const WhyEvent& event) {
    return (event.kind == ProbeKind::kPingReceived ||
            event.kind == ProbeKind::kPongReceived) &&
           event.ago <= kLately && IsDirect(event.endpoint);
  };
  return std::ranges::any_of(report.events, heard) ||
         std::ranges::any_of(report.candidates, [](const WhyCandidate& c) {
           return (c.sources & WhyCandidate::kObserved) != 0 ||
                  (c.pong_ago && *c.pong_ago <= kLately);
         });
}

bool HasPublicV4(const WhyReport& report) {
  return report.network.nat.translates == false &&
         report.network.mapped_v4.IsSet();
}

bool HasIpv6(const WhyReport& report) {
  return std::ranges::any_of(
      report.network.endpoints, [](const OwnEndpoint& own) {
        const net::IpAddress& address = own.endpoint.address();
        return address.is_v6() && !address.IsPrivate() &&
               !address.IsLinkLocal() && !address.IsLoopback();
      });
}

bool HasDoubleNat(const WhyReport& report) {
  const WhyNetwork& network = report.network;
  return network.port_mapped.IsSet() && network.mapped_v4.IsSet() &&
         network.port_mapped.address() != network.mapped_v4.address();
}

net::Endpoint PublicV4(const WhyReport& report) {
  return report.network.mapped_v4;
}

net::Endpoint PrivateV4(const WhyReport& report) {
  const auto& all = report.network.endpoints;
  const auto it = std::ranges::find_if(all, IsLan);
  return it == all.end() ? net::Endpoint() : it->endpoint;
}

std::optional<net::IpPrefix> SharedLan(const WhyReport& a, const WhyReport& b) {
  for (const OwnEndpoint& own : a.network.endpoints) {
    if (!IsLan(own)) continue;
    const net::IpPrefix lan(own.endpoint.address(), kLanBits);
    for (const OwnEndpoint& other : b.network.endpoints) {
      if (IsLan(other) && lan.Contains(other.endpoint.address())) return lan;
    }
  }
  return std::nullopt;
}

}  // namespace warren::engine
