#include "core/netcheck/probe_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace warren::netcheck {
namespace {

constexpr size_t kFullTries = 3;
constexpr absl::Duration kFullSpacing = absl::Milliseconds(100);
constexpr absl::Duration kUnknownLatency = absl::Milliseconds(200);
constexpr absl::Duration kLaterTries = absl::Milliseconds(50);
constexpr size_t kFastest = 3;

// The servers of a relay, best first, by family.
struct Relay {
  RelayId id;
  std::vector<net::Endpoint> v4;
  std::vector<net::Endpoint> v6;
};

std::vector<Relay> ByRelay(const std::vector<Server>& servers) {
  std::vector<Relay> relays;
  for (const Server& server : servers) {
    auto relay = std::ranges::find(relays, server.relay, &Relay::id);
    if (relay == relays.end()) {
      relay = relays.insert(relay, {server.relay, {}, {}});
    }
    auto& of_family = server.endpoint.address().is_v4() ? relay->v4 : relay->v6;
    of_family.push_back(server.endpoint);
  }
  return relays;
}

struct Tries {
  size_t count;
  absl::Duration spacing;
  absl::Duration later;  // more, from the second retry on
};

void AddSet(RelayId relay, const std::vector<net::Endpoint>& servers,
            const Tries& tries, std::vector<ProbeSet>& plan) {
  if (servers.empty() || tries.count == 0 || plan.size() == kMaxProbeSets) {
    return;
  }
  ProbeSet set{relay, servers.front().address().family(), {}};
  for (size_t i = 0; i < tries.count; ++i) {
    absl::Duration delay = static_cast<int64_t>(i) * tries.spacing;
    if (i > 1) delay += static_cast<int64_t>(i) * tries.later;
    set.tries.push_back({servers[i % servers.size()], delay});
  }
  plan.push_back(std::move(set));
}

std::optional<absl::Duration> LatencyOf(const LastRound& last, RelayId relay) {
  const auto it = last.latencies.find(relay);
  if (it == last.latencies.end()) return std::nullopt;
  return it->second;
}

// One that ranks `index`th in the last round.
void AddIncremental(const Relay& relay, size_t index, const LastRound& last,
                    std::vector<ProbeSet>& plan) {
  const bool home = relay.id == last.home;
  const bool top_two = index < 2;
  const size_t count = home ? 4 : top_two ? 2 : 1;
  const auto latency = LatencyOf(last, relay.id);
  const Tries tries{count, latency ? *latency * 1.2 : kUnknownLatency,
                    kLaterTries};
  bool v4 = true;
  bool v6 = true;
  if (!home && !top_two && last.v4 && last.v6) {
    v4 = index % 2 == 0;
    v6 = !v4;
  }
  Tries tries_v6 = tries;
  if (!last.v6) {
    if (!home && !top_two) v6 = false;
    tries_v6.count = 1;
  }
  if (v4) AddSet(relay.id, relay.v4, tries, plan);
  if (v6) AddSet(relay.id, relay.v6, tries_v6, plan);
}

}  // namespace

std::vector<ProbeSet> FullPlan(const std::vector<Server>& servers) {
  std::vector<ProbeSet> plan;
  const Tries tries{kFullTries, kFullSpacing, absl::ZeroDuration()};
  for (const Relay& relay : ByRelay(servers)) {
    AddSet(relay.id, relay.v4, tries, plan);
    AddSet(relay.id, relay.v6, tries, plan);
  }
  return plan;
}

std::vector<ProbeSet> IncrementalPlan(const std::vector<Server>& servers,
                                      const LastRound& last) {
  std::vector<Relay> relays = ByRelay(servers);
  std::ranges::stable_sort(relays, {}, [&last](const Relay& relay) {
    return LatencyOf(last, relay.id).value_or(absl::InfiniteDuration());
  });
  std::vector<ProbeSet> plan;
  for (size_t i = 0; i < relays.size(); ++i) {
    if (i < kFastest || relays[i].id == last.home) {
      AddIncremental(relays[i], i, last, plan);
    }
  }
  return plan;
}

}  // namespace warren::netcheck
