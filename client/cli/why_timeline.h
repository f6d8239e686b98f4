#ifndef WARREN_CLIENT_CLI_WHY_TIMELINE_H_
#define WARREN_CLIENT_CLI_WHY_TIMELINE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "warren/v1/local.pb.h"

namespace warren::client {

// What both ends did, in the order it happened, for people: the most telling
// lines of it. What repeats is told once, with how often.
struct TimelineRow {
  double ago_seconds = 0;
  std::string who;
  std::string what;
};
std::vector<TimelineRow> TimelineOf(const v1::WhyReport& report, size_t max);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_WHY_TIMELINE_H_
