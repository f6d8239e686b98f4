#ifndef WARREN_CORE_SIM_WORLD_H_
#define WARREN_CORE_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"

namespace warren::sim {

// Virtual time. Nothing happens but by an action that somebody scheduled;
// actions of one instant run in the order they were scheduled. The same seed
// and the same calls give the same trace, byte for byte.
class World {
 public:
  explicit World(uint64_t seed) : rng_(seed) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Instant now() const { return now_; }
  // Unix time, for what a wall clock would say.
  absl::Duration unix_now() const;
  Rng& rng() { return rng_; }

  // Runs `action` at `when`, or at once if that is past.
  void At(Instant when, std::function<void()> action);
  void After(absl::Duration delay, std::function<void()> action) {
    At(now_ + delay, std::move(action));
  }

  void RunFor(absl::Duration duration);
  // Runs until `condition` holds, looking after each action; false if it does
  // not within `limit`.
  bool RunUntil(const std::function<bool()>& condition, absl::Duration limit);

  // Appends a line to the trace, if one is kept, with the time before it.
  void Note(absl::string_view line);
  void KeepTrace() { keeps_trace_ = true; }
  bool keeps_trace() const { return keeps_trace_; }
  const std::string& trace() const { return trace_; }

 private:
  // Runs the next action if it is due by `until`.
  bool Step(Instant until);

  SeededRng rng_;
  Instant now_ = Instant::FromEpoch(absl::Hours(1));
  uint64_t num_scheduled_ = 0;
  std::map<std::pair<Instant, uint64_t>, std::function<void()>> actions_;
  bool keeps_trace_ = false;
  std::string trace_;
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_WORLD_H_
