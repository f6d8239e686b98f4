#ifndef WARREN_RELAY_METRICS_H_
#define WARREN_RELAY_METRICS_H_

#include <cstdint>
#include <string>

#include "core/relay/counters.h"

namespace warren::relay {

// What a whole relay reports, its shards summed.
struct Metrics {
  Counters relay;
  uint64_t connections = 0;  // open now, logged in or not
  uint64_t refused_connections = 0;
  uint64_t failed_logins = 0;
  uint64_t stun_answered = 0;
  uint64_t stun_ignored = 0;
};

// In Prometheus' text format, version 0.0.4.
std::string ToPrometheus(const Metrics& metrics);

}  // namespace warren::relay

#endif  // WARREN_RELAY_METRICS_H_
