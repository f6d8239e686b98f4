#ifndef WARREN_CONTROL_WEB_ONE_TIME_TABLE_H_
#define WARREN_CONTROL_WEB_ONE_TIME_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/base64url.h"
#include "core/base/rng.h"

namespace warren::control {

// What is remembered between two steps of one browser: a challenge, a half
// done sign-in. Each is good once, for `kLifetimeMs`; when there are kMax, the
// oldest goes. Thread-safe.
template <class T>
class OneTimeTable {
 public:
  static constexpr size_t kMax = 10'000;
  static constexpr int64_t kLifetimeMs = 10 * 60 * 1000;

  explicit OneTimeTable(Rng& rng) : rng_(rng) {}

  // A token of 43 characters that Take() knows it by. `browser` is the cookie
  // of who may take it.
  std::string Put(T value, absl::string_view browser, int64_t now_ms) {
    std::array<uint8_t, 32> random;
    rng_.Fill(random);
    const std::string token = ToBase64Url(random);
    absl::MutexLock lock(&mutex_);
    while (!entries_.empty() &&
           (entries_.size() >= kMax || entries_.front().until_ms <= now_ms)) {
      Remove(entries_.begin());
    }
    entries_.push_back(
        {token, std::string(browser), now_ms + kLifetimeMs, std::move(value)});
    by_token_[token] = std::prev(entries_.end());
    return token;
  }

  // Removes and returns it. nullopt: there is none (any more), or it is
  // another browser's (then it stays).
  std::optional<T> Take(absl::string_view token, absl::string_view browser,
                        int64_t now_ms) {
    absl::MutexLock lock(&mutex_);
    const auto found = by_token_.find(token);
    if (found == by_token_.end() || found->second->browser != browser ||
        found->second->until_ms <= now_ms) {
      return std::nullopt;
    }
    std::optional<T> value(std::move(found->second->value));
    Remove(found->second);
    return value;
  }

 private:
  struct Entry {
    std::string token;
    std::string browser;
    int64_t until_ms = 0;
    T value;
  };
  using Entries = std::list<Entry>;  // oldest first
  void Remove(typename Entries::iterator entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    by_token_.erase(entry->token);
    entries_.erase(entry);
  }

  Rng& rng_;
  absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, typename Entries::iterator, std::less<>> by_token_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_ONE_TIME_TABLE_H_
