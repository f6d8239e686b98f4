#include "core/path/punch_meeter.h"

#include <algorithm>

#include "core/path/punch_plan.h"

namespace warren::path {

void PunchMeeter::OnMeasured(Instant now, uint16_t socket,
                             const net::Endpoint& seen) {
  if (step_ != Step::kMeasuring && step_ != Step::kMeasuringAgain) return;
  const size_t first = first_socket_ + num_used_ - seen_.size();
  if (socket < first || socket >= first + seen_.size()) return;
  seen_[socket - first] = seen;
  if (std::ranges::all_of(seen_, &net::Endpoint::IsSet)) next_ = now;
}

void PunchMeeter::OnAnswer(Instant now, const PunchNote& note) {
  if (!awaits_answer()) return;
  task_.theirs = note;
  next_ = now;
}

void PunchMeeter::Rest(Instant now) {
  if (step_ == Step::kPinging && begins_) next_ = now + kRest;
}

void PunchMeeter::OnTimeout(Instant now, PunchOutput& out) {
  if (now < next_) return;
  switch (step_) {
    case Step::kOpening:
      step_ = Step::kMeasuring;
      return Measure(now, kNumMeasures, out);
    case Step::kMeasuring:
      return OnAllMeasured(now, out);
    case Step::kAwaiting:
      hopeless_ = task_.theirs.ports.count == 0;
      if (!hopeless_) {
        step_ = Step::kMeasuringAgain;
        return Measure(now, 1, out);
      }
      break;
    case Step::kMeasuringAgain:
      StartPings(now);
      return Ping(now, out);
    case Step::kPinging:
      return Ping(now, out);
    case Step::kDone:
      break;
  }
  step_ = Step::kDone;
  next_ = Instant::Never();
}

void PunchMeeter::Measure(Instant now, uint16_t count, PunchOutput& out) {
  seen_.assign(count, net::Endpoint());
  for (uint16_t i = 0; i < count; ++i) {
    out.Measure(static_cast<uint16_t>(first_socket_ + num_used_++));
  }
  next_ = now + kMeasureTime;
}

void PunchMeeter::OnAllMeasured(Instant now, PunchOutput& out) {
  std::erase_if(seen_, [](const net::Endpoint& e) { return !e.IsSet(); });
  const PortWindow window = PredictPorts(seen_, net::PortAllocation::kUnknown);
  ours_.generation = task_.generation;
  ours_.answer = !begins_;
  if (!seen_.empty()) ours_.mapped = seen_.back();
  if (window.count <= kMaxSequence) ours_.ports = window;
  hopeless_ = ours_.ports.count == 0;
  if (!hopeless_ && !begins_) {
    step_ = Step::kPinging;
    return Ping(now, out);
  }
  // Who began should know that it is in vain.
  if (!begins_ || !hopeless_) Tell(out);
  step_ = hopeless_ ? Step::kDone : Step::kAwaiting;
  next_ = Instant::Never();
}

void PunchMeeter::Tell(PunchOutput& out) const { out.Add(TellPunch{ours_}); }

void PunchMeeter::StartPings(Instant now) {
  // The measurement itself took one, if others took none.
  next_index_ = 1;
  for (uint32_t i = 0; i < ours_.ports.count; ++i) {
    if (seen_[0].port() == ours_.ports.At(i)) next_index_ = i + 1;
  }
  step_ = Step::kPinging;
  next_ = now;
}

void PunchMeeter::Ping(Instant now, PunchOutput& out) {
  next_ = now + (begins_ ? kSlowTick : kTick);
  const int at_once = begins_ ? 1 : kPerTick;
  for (int i = 0; i < at_once && TargetOf(num_pinged_) < kNumPings; ++i) {
    const net::Endpoint target(task_.theirs.mapped.address(),
                               task_.theirs.ports.At(TargetOf(num_pinged_)));
    const auto socket = static_cast<uint16_t>(first_socket_ + num_used_);
    if (target.port() >= kFirstPunchPort &&
        !out.Ping(now, target.Through(socket))) {
      return;
    }
    ++num_pinged_;
    ++num_used_;
  }
  if (TargetOf(num_pinged_) < kNumPings) return;
  if (!begins_) Tell(out);
  step_ = Step::kDone;
  next_ = Instant::Never();
}

uint32_t PunchMeeter::TargetOf(uint16_t i) const {
  if (!begins_) return i;
  constexpr uint32_t kMaxTakenByOthers = 3;
  return next_index_ + i + i % (kMaxTakenByOthers + 1);
}

}  // namespace warren::path
