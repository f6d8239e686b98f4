#include "core/path/punch_opener.h"

#include <algorithm>

#include "core/path/punch_plan.h"

namespace warren::path {

void PunchOpener::OnMeasured(Instant now, uint16_t socket,
                             const net::Endpoint& seen) {
  const int index = socket - first_socket_;
  if (step_ != Step::kMeasuring || index < 0 || index >= kNumMeasures) return;
  seen_[static_cast<size_t>(index)] = seen;
  if (std::ranges::all_of(seen_, &net::Endpoint::IsSet)) next_ = now;
}

void PunchOpener::OnTimeout(Instant now, PunchOutput& out) {
  if (now < next_) return;
  switch (step_) {
    case Step::kOpening:
      return Measure(now, out);
    case Step::kMeasuring:
      PlanPings(now);
      return Ping(now, out);
    case Step::kPinging:
      return Ping(now, out);
    case Step::kWaiting:  // The sequence did not hold.
      window_ = {};
      to_ping_ = PunchHub::kNumSockets;
      step_ = Step::kPinging;
      return Ping(now, out);
  }
}

void PunchOpener::Measure(Instant now, PunchOutput& out) {
  seen_.resize(kNumMeasures);
  for (uint16_t i = 0; i < kNumMeasures; ++i) {
    out.Measure(static_cast<uint16_t>(first_socket_ + i));
  }
  step_ = Step::kMeasuring;
  next_ = now + kMeasureTime;
}

void PunchOpener::PlanPings(Instant now) {
  std::erase_if(seen_, [](const net::Endpoint& e) { return !e.IsSet(); });
  if (!seen_.empty()) task_.mapped = seen_.back();
  window_ = PredictPorts(seen_, task_.ports);
  const bool few = window_.count > 0 && window_.count <= kMaxSequence;
  to_ping_ = few ? kFew : PunchHub::kNumSockets;
  step_ = Step::kPinging;
  next_ = now;
}

void PunchOpener::Ping(Instant now, PunchOutput& out) {
  next_ = now + kTick;
  for (int i = 0; i < kPerTick && num_pinged_ < to_ping_; ++i) {
    const int index = (kNumMeasures + num_pinged_) % PunchHub::kNumSockets;
    const auto socket = static_cast<uint16_t>(first_socket_ + index);
    if (!out.Ping(now, task_.target.Through(socket))) return;
    ++num_pinged_;
  }
  if (num_pinged_ < to_ping_) return;
  Tell(out);
  step_ = Step::kWaiting;
  next_ =
      to_ping_ < PunchHub::kNumSockets ? now + kSequenceTime : Instant::Never();
}

void PunchOpener::Tell(PunchOutput& out) const {
  PunchNote note;
  note.generation = task_.generation;
  note.answer = task_.answer;
  note.mapped = task_.mapped;
  note.ports = window_;
  note.num_sockets = num_pinged_;
  out.Add(TellPunch{note});
}

}  // namespace warren::path
