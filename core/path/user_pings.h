#ifndef WARREN_CORE_PATH_USER_PINGS_H_
#define WARREN_CORE_PATH_USER_PINGS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/instant.h"

namespace warren::path {

// The commands to ping one peer that wait for an answer, oldest first. Each is
// answered once: by its first pong, or by its end.
class UserPings {
 public:
  static constexpr size_t kMaxPings = 16;

  // False when full.
  bool Add(uint64_t ping_id, Instant deadline) {
    if (pings_.size() == kMaxPings) return false;
    pings_.push_back({ping_id, deadline});
    return true;
  }
  // Whether `ping_id` waited; it no longer does.
  bool Take(uint64_t ping_id) {
    return std::erase_if(pings_, [ping_id](const Waiting& waiting) {
             return waiting.ping_id == ping_id;
           }) > 0;
  }
  // The oldest whose time is over.
  std::optional<uint64_t> TakeTimedOut(Instant now) {
    if (now < Next()) return std::nullopt;
    const uint64_t ping_id = pings_.front().ping_id;
    pings_.erase(pings_.begin());
    return ping_id;
  }
  Instant Next() const {
    return pings_.empty() ? Instant::Never() : pings_.front().deadline;
  }

 private:
  struct Waiting {
    uint64_t ping_id;
    Instant deadline;
  };
  std::vector<Waiting> pings_;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_USER_PINGS_H_
