#include "core/path/probe_log.h"

#include <algorithm>

namespace warren::path {
namespace {

bool IsBeat(const ProbeEvent& event, const net::Endpoint& endpoint) {
  return event.endpoint == endpoint &&
         (event.kind == ProbeKind::kPingSent ||
          event.kind == ProbeKind::kPongReceived ||
          event.kind == ProbeKind::kPingReceived);
}

// In the run of pings and pongs of one endpoint that ends `events`, a new one
// makes worthless: an earlier ping of theirs by another, an answered ping of
// ours and all before it by another answer.
void DropOldBeats(std::deque<ProbeEvent>& events, const ProbeEvent& event) {
  const auto newest = std::find_if_not(
      events.rbegin(), events.rend(),
      [&](const ProbeEvent& e) { return IsBeat(e, event.endpoint); });
  const auto run = newest.base();
  const auto same = std::find_if(run, events.end(), [&](const ProbeEvent& e) {
    return e.kind == event.kind;
  });
  if (same == events.end()) return;
  events.erase(event.kind == ProbeKind::kPongReceived ? run : same, same + 1);
}

}  // namespace

void ProbeLog::Add(const ProbeEvent& event) {
  if (event.kind == ProbeKind::kPongReceived ||
      event.kind == ProbeKind::kPingReceived) {
    DropOldBeats(events_, event);
  }
  if (events_.size() == kMaxEvents) events_.pop_front();
  events_.push_back(event);
}

}  // namespace warren::path
