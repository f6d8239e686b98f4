#ifndef WARREN_IO_CLI_HUMAN_H_
#define WARREN_IO_CLI_HUMAN_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace warren::cli {

// "in 3 days", "2 min ago", "now" (within 2 s): in the largest unit of which
// there is at least one and a half, rounded.
std::string HumanTime(absl::Time then, absl::Time now);
// The same of Unix milliseconds; `zero` where they are 0.
std::string HumanMs(int64_t unix_ms, absl::Time now, const char* zero);
// RFC 3339 in UTC, to the second: "2026-11-21T21:40:00Z". "" for 0.
std::string Rfc3339(int64_t unix_ms);

// "0 B", "1.2 MB": powers of 1000.
std::string HumanBytes(uint64_t bytes);
// "3.1 ms", "12 ms", "1.2 s"; "" for 0.
std::string HumanRtt(double seconds);

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_HUMAN_H_
