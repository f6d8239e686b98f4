#include "core/sim/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace warren::sim {
namespace {

// 2026-01-01, in seconds.
constexpr int64_t kUnixAtEpoch = 1767225600;

}  // namespace

absl::Duration World::unix_now() const {
  return absl::Seconds(kUnixAtEpoch) + now_.SinceEpoch();
}

void World::At(Instant when, std::function<void()> action) {
  actions_.emplace(std::pair(std::max(when, now_), num_scheduled_++),
                   std::move(action));
}

void World::RunFor(absl::Duration duration) {
  const Instant until = now_ + duration;
  while (Step(until)) {
  }
  now_ = until;
}

bool World::RunUntil(const std::function<bool()>& condition,
                     absl::Duration limit) {
  const Instant until = now_ + limit;
  while (!condition()) {
    if (!Step(until)) {
      now_ = until;
      return condition();
    }
  }
  return true;
}

void World::Note(absl::string_view line) {
  if (!keeps_trace_) return;
  absl::StrAppend(&trace_, absl::FormatDuration(now_.SinceEpoch()), " ", line,
                  "\n");
}

bool World::Step(Instant until) {
  if (actions_.empty() || actions_.begin()->first.first > until) return false;
  auto next = actions_.extract(actions_.begin());
  now_ = next.key().first;
  next.mapped()();
  return true;
}

}  // namespace warren::sim
