#include "control/web/attempt_limiter.h"

#include <algorithm>

#include "core/net/ip.h"

namespace warren::control {

int64_t AttemptLimiter::WaitMs(absl::string_view key, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return 0;
  return std::max<int64_t>(0, found->second.until_ms - now_ms);
}

void AttemptLimiter::Fail(absl::string_view key, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    MakeRoom(now_ms);
    found = entries_.emplace(std::string(key), Entry()).first;
  }
  Entry& entry = found->second;
  if (now_ms - entry.last_ms >= kForgetMs) entry.failures = 0;
  ++entry.failures;
  entry.last_ms = now_ms;
  if (entry.failures < rule_.free) return;
  const int64_t doublings = std::min<int64_t>(entry.failures - rule_.free, 20);
  entry.until_ms =
      now_ms + std::min(rule_.first_ms << doublings, rule_.longest_ms);
}

void AttemptLimiter::Succeed(absl::string_view key) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(key);
  if (found != entries_.end()) entries_.erase(found);
}

void AttemptLimiter::MakeRoom(int64_t now_ms) {
  if (entries_.size() < kMax) return;
  std::erase_if(entries_, [now_ms](const auto& entry) {
    return now_ms - entry.second.last_ms >= kForgetMs;
  });
  if (entries_.size() < kMax) return;
  entries_.erase(std::ranges::min_element(
      entries_, {}, [](const auto& entry) { return entry.second.last_ms; }));
}

std::string AddressKey(absl::string_view address) {
  const auto parsed = net::IpAddress::Parse(address);
  if (!parsed.ok()) return std::string(address);
  if (parsed->is_v4()) return parsed->ToString();
  return net::IpPrefix(*parsed, 64).ToString();
}

}  // namespace warren::control
