#include "core/wg/load.h"

#include <algorithm>

namespace warren::wg {
namespace {

net::IpAddress LimitedAddress(const net::IpAddress& address) {
  return address.is_v6() ? net::IpPrefix(address, 64).address() : address;
}

}  // namespace

HandshakeLoad::HandshakeLoad(uint32_t per_second)
    : always_(per_second == 0),
      each_(absl::Seconds(1) / std::max(per_second, 1u)) {}

bool HandshakeLoad::Admit(Instant now) {
  if (always_) return true;
  if (done_ < now) done_ = now;
  if (done_ - now >= kFullAt * each_) return false;
  done_ += each_;
  const Instant relieved = done_ - kUnderLoadAt * each_;
  if (relieved >= now) loaded_until_ = relieved + kHold;
  return true;
}

bool SourceLimiter::Take(Instant now, const Source& source) {
  const Key key(LimitedAddress(source.address()), source.relayed());
  auto found = full_at_.find(key);
  if (found == full_at_.end()) {
    if (full_at_.size() >= kMaxSources) DropIdle(now);
    if (full_at_.size() >= kMaxSources) return false;
    found = full_at_.emplace(key, now).first;
  }
  Instant& full_at = found->second;
  if (full_at < now) full_at = now;
  if (full_at - now > (kBurst - 1) * kInterval) return false;
  full_at += kInterval;
  return true;
}

void SourceLimiter::DropIdle(Instant now) {
  // Not for every packet of a flood: an entry needs that long to become idle.
  if (now - swept_ < kBurst * kInterval) return;
  swept_ = now;
  absl::erase_if(full_at_, [now](const auto& e) { return e.second <= now; });
}

}  // namespace warren::wg
