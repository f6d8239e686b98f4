#include "core/engine/home_choice.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace warren::engine {
namespace {

bool CanBeHome(const derp::RelayRegion& region) {
  return !region.no_measure_no_home && !region.nodes.empty();
}

}  // namespace

void HomeChoice::SetMap(Instant now, const derp::RelayMap& map) {
  map_ = map;
  const derp::RelayRegion* former = map_.Find(relay_);
  if (former == nullptr || !CanBeHome(*former)) Set(now, RelayId());
  const auto eligible = std::ranges::count_if(map_.regions, CanBeHome);
  if (relay_ == RelayId() && eligible == 1) Set(now, Any(now));
}

void HomeChoice::SetAlive(Instant now, bool alive) {
  if (alive) avoid_until_.erase(relay_);
  if (alive == alive_) return;
  alive_ = alive;
  if (!alive) dead_since_ = heard_at_ = now;
}

void HomeChoice::OnFirstAnswer(Instant now, RelayId relay) {
  if (relay_ == RelayId()) Set(now, relay);
}

void HomeChoice::OnRound(Instant now, const Latencies& measured) {
  const bool given_up = waiting() && now - dead_since_ >= kPatience;
  if (given_up) avoid_until_[relay_] = now + kAvoid;
  Latencies latencies = measured;
  std::erase_if(latencies,
                [&](const auto& one) { return Avoided(now, one.first); });
  // A connection that lives is one that is heard: its driver sees to that.
  RelayId chosen =
      chooser_.Choose(now, latencies, {relay_, alive_ ? now : heard_at_});
  // Nothing is measurable, so any relay will do, and the one we have best,
  // unless it is given up.
  if (chosen == RelayId()) chosen = relay_;
  if (chosen == RelayId() || (given_up && chosen == relay_)) chosen = Any(now);
  Set(now, chosen);
}

Instant HomeChoice::PatienceEnds(Instant now) const {
  const Instant ends = dead_since_ + kPatience;
  return waiting() && now < ends ? ends : Instant::Never();
}

std::optional<HomeRelayChanged> HomeChoice::Poll() {
  if (events_.empty()) return std::nullopt;
  const HomeRelayChanged changed = events_.front();
  events_.pop_front();
  return changed;
}

RelayId HomeChoice::Any(Instant now) {
  std::vector<RelayId> eligible;
  for (const derp::RelayRegion& region : map_.regions) {
    if (CanBeHome(region)) eligible.push_back(region.id);
  }
  std::vector<RelayId> fresh = eligible;
  std::erase_if(fresh, [&](RelayId relay) { return Avoided(now, relay); });
  if (!fresh.empty()) eligible = std::move(fresh);
  if (eligible.empty()) return RelayId();
  return eligible[rng_.Below(eligible.size())];
}

void HomeChoice::Set(Instant now, RelayId relay) {
  if (relay == relay_) return;
  relay_ = relay;
  alive_ = false;
  dead_since_ = now;
  heard_at_ = Instant::LongAgo();
  events_.push_back(HomeRelayChanged{relay});
}

bool HomeChoice::Avoided(Instant now, RelayId relay) const {
  const auto it = avoid_until_.find(relay);
  return it != avoid_until_.end() && now < it->second;
}

}  // namespace warren::engine
