#ifndef WARREN_CONTROL_WEB_ATTEMPT_LIMITER_H_
#define WARREN_CONTROL_WEB_ATTEMPT_LIMITER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace warren::control {

// Counts failed attempts to prove something, by what is attempted and by where
// it comes from. Names that nobody has are counted like others, so that the
// answer does not tell which exist. Thread-safe.
class AttemptLimiter {
 public:
  struct Rule {
    int64_t free = 5;           // failures that cost nothing
    int64_t first_ms = 30'000;  // then this, doubling
    int64_t longest_ms = 15LL * 60 * 1000;
  };
  static constexpr size_t kMax = 20'000;  // then the stalest goes
  static constexpr int64_t kForgetMs = 60LL * 60 * 1000;

  explicit AttemptLimiter(const Rule& rule) : rule_(rule) {}

  // How long to wait before the next attempt, in milliseconds; 0: go on.
  int64_t WaitMs(absl::string_view key, int64_t now_ms)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(absl::string_view key, int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);
  void Succeed(absl::string_view key) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Entry {
    int64_t failures = 0;
    int64_t last_ms = 0;
    int64_t until_ms = 0;
  };
  void MakeRoom(int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Rule rule_;
  absl::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
};

// An address as the limiter counts it: IPv6 by its /64, which one home has.
std::string AddressKey(absl::string_view address);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_ATTEMPT_LIMITER_H_
