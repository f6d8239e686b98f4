#ifndef WARREN_CORE_SIM_SCENARIO_PLAY_H_
#define WARREN_CORE_SIM_SCENARIO_PLAY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/sim/scenario.h"

namespace warren::sim {

struct Outcome {
  // What should not have been, each with its time; empty: all is well.
  std::vector<std::string> failures;
  std::string trace;  // if kept
  uint64_t num_datagrams = 0;
};

// Plays a scenario with real engines, and holds them to this:
//
//   - the first packet of each pair arrives at once, by relay;
//   - a pair gets the direct path that the oracle says, soon after each
//     trouble, and none where there can be none;
//   - what a trouble interrupts goes on soon after it, and nothing else is
//     interrupted;
//   - no path is taken to where the peer did not receive;
//   - addresses that prove nothing get few datagrams;
//   - who says nothing sends nothing, and speaks at once after that.
Outcome Play(const Scenario& scenario, bool keep_trace = false);

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_SCENARIO_PLAY_H_
