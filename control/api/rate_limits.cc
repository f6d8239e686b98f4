#include "control/api/rate_limits.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace warren::control {
namespace {

constexpr char kRetryAfter[] = "warren.control/retry-after";

absl::Status TooMany(int64_t seconds) {
  absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat("too many calls: try again in ", seconds, " s"));
  status.SetPayload(kRetryAfter, absl::Cord(absl::StrCat(seconds)));
  return status;
}

}  // namespace

void RateLimits::Refill(Bucket& bucket, int64_t now_ms) const {
  // The calendar's clock may be set back.
  const int64_t passed_ms = std::max<int64_t>(0, now_ms - bucket.at_ms);
  bucket.tokens = std::min(
      burst_, bucket.tokens + rate_ * static_cast<double>(passed_ms) / 1000);
  bucket.at_ms = now_ms;
}

void RateLimits::ForgetFull(int64_t now_ms) {
  for (auto entry = buckets_.begin(); entry != buckets_.end();) {
    Refill(entry->second, now_ms);
    entry = entry->second.tokens >= burst_ ? buckets_.erase(entry)
                                           : std::next(entry);
  }
}

absl::Status RateLimits::Take(const std::string& name, int64_t now_ms) {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) {
    if (buckets_.size() >= kMaxNames) ForgetFull(now_ms);
    if (buckets_.size() >= kMaxNames) return TooMany(1);
    found = buckets_.emplace(name, Bucket{burst_, now_ms}).first;
  }
  Bucket& bucket = found->second;
  Refill(bucket, now_ms);
  if (bucket.tokens < 1) {
    return TooMany(
        static_cast<int64_t>(std::ceil((1 - bucket.tokens) / rate_)));
  }
  bucket.tokens -= 1;
  return absl::OkStatus();
}

std::optional<int64_t> RetryAfterSeconds(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryAfter);
  int64_t seconds = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &seconds)) {
    return std::nullopt;
  }
  return seconds;
}

}  // namespace warren::control
