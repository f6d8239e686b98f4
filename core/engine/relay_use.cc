#include "core/engine/relay_use.h"

#include <algorithm>

namespace warren::engine {

void RelayUse::SetMap(const derp::RelayMap& map) {
  for (const derp::RelayRegion& region : map.regions) relays_[region.id];
  for (auto it = relays_.begin(); it != relays_.end();) {
    if (map.Find(it->first) != nullptr) {
      ++it;
      continue;
    }
    Want(it->first, it->second, false);
    it = relays_.erase(it);
  }
}

void RelayUse::SetHome(Instant now, RelayId home) {
  // The former home stays connected for as long as it is used.
  if (home_ != home) Use(now, home_);
  home_ = home;
  Use(now, home);
}

bool RelayUse::Use(Instant now, RelayId relay) {
  const auto it = relays_.find(relay);
  if (it == relays_.end()) return false;
  it->second.last_use = now;
  Want(relay, it->second, true);
  return true;
}

void RelayUse::OnConnected(RelayId relay, bool connected) {
  const auto it = relays_.find(relay);
  if (it != relays_.end()) it->second.connected = connected;
}

void RelayUse::OnTimeout(Instant now) {
  for (auto& [id, relay] : relays_) {
    if (id != home_ && now - relay.last_use >= kIdle) Want(id, relay, false);
  }
}

bool RelayUse::connected(RelayId relay) const {
  const auto it = relays_.find(relay);
  return it != relays_.end() && it->second.connected;
}

std::optional<RelayWanted> RelayUse::Poll() {
  if (events_.empty()) return std::nullopt;
  const RelayWanted event = events_.front();
  events_.pop_front();
  return event;
}

Instant RelayUse::Next() const {
  Instant next = Instant::Never();
  for (const auto& [id, relay] : relays_) {
    if (id != home_ && relay.wanted) {
      next = std::min(next, relay.last_use + kIdle);
    }
  }
  return next;
}

void RelayUse::Want(RelayId id, Relay& relay, bool wanted) {
  if (relay.wanted == wanted) return;
  relay.wanted = wanted;
  events_.push_back({id, wanted});
}

}  // namespace warren::engine
