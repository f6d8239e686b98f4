#ifndef WARREN_CONTROL_API_RATE_LIMITS_H_
#define WARREN_CONTROL_API_RATE_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace warren::control {

// A token bucket for each of many names. Not thread-safe. When there are
// kMaxNames, those that are full again are forgotten; if none is, a new name
// is refused as one that has used its tokens up.
class RateLimits {
 public:
  static constexpr size_t kMaxNames = 10'000;

  // `rate` a second, `burst` at once.
  RateLimits(double rate, double burst) : rate_(rate), burst_(burst) {}

  // Takes a token. RESOURCE_EXHAUSTED says when there will be one, also to
  // RetryAfterSeconds().
  absl::Status Take(const std::string& name, int64_t now_ms);

 private:
  struct Bucket {
    double tokens = 0;
    int64_t at_ms = 0;
  };
  void Refill(Bucket& bucket, int64_t now_ms) const;
  void ForgetFull(int64_t now_ms);

  const double rate_, burst_;
  std::map<std::string, Bucket> buckets_;
};

// Of a refusal that time heals; nullopt for every other status.
std::optional<int64_t> RetryAfterSeconds(const absl::Status& status);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_RATE_LIMITS_H_
