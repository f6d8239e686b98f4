#ifndef WARREN_CLIENT_CLI_WHY_SCREEN_H_
#define WARREN_CLIENT_CLI_WHY_SCREEN_H_

#include <string>

#include "warren/v1/local.pb.h"

namespace warren::client {

// One screen for people, of at most kScreenColumns and about 40 lines: what
// holds, both ends side by side, what was tried, what happened, what to do.
inline constexpr size_t kScreenColumns = 100;
std::string WhyScreen(const v1::WhyReport& report);

// The candidates of pairs: all of them.
std::string PathsTable(const v1::DebugPathsReport& report);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_WHY_SCREEN_H_
