#ifndef WARREN_CORE_PATH_AGENT_PARTS_H_
#define WARREN_CORE_PATH_AGENT_PARTS_H_

#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/path/ping_replies.h"
#include "core/path/probe_budget.h"

// What an Agent remembers, in groups; for its own sources alone.
namespace warren::path {

// How the peer can be reached at all.
struct Reach {
  RelayId relay;
  std::optional<absl::Duration> relay_rtt = std::nullopt;  // if measured
  bool has_disco_key = false;
};

// The direct path in use, proven at least once.
struct Best {
  net::Endpoint endpoint;
  absl::Duration rtt;
  Instant trusted_until;
};

// The path in use last, which may work again.
struct Lost {
  net::Endpoint endpoint;
  Instant at;
  Instant retry = Instant::Never();
};

// Rounds of pings to all candidates.
struct Discovery {
  int round = 0;
  Instant since;
  Instant next = Instant::Never();  // unless it runs
  Instant last = Instant::LongAgo();
  Instant last_call = Instant::LongAgo();
  Lost lost;
};

struct Activity {
  Instant called_us = Instant::LongAgo();
  Instant link_changed = Instant::LongAgo();
  Instant until = Instant::LongAgo();
  Instant heartbeat = Instant::Never();
  // Where authentic packets came from lately, other than the path in use.
  net::Endpoint heard_at;
  Instant heard = Instant::LongAgo();
};

// Of what goes to addresses that have proven nothing.
struct Bounds {
  ProbeBudget pings;
  PingReplies replies;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_AGENT_PARTS_H_
