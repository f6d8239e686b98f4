#ifndef WARREN_CONTROL_UPKEEP_DOCTOR_H_
#define WARREN_CONTROL_UPKEEP_DOCTOR_H_

#include <cstdint>
#include <string>
#include <vector>

namespace warren::control {

// Something looked at.
struct Finding {
  enum class Grade {
    kGood,
    kWarning,  // works, but somebody should act
    kBad,      // the server cannot run, or has lost something
  };
  Grade grade = Grade::kGood;
  std::string what;  // one line
  std::string todo;  // for the others: one line
};

// Looks at everything in the state folder of a server: what is wrong, and what
// to do. Changes nothing; may run beside the server. `now_ms`: the wall clock.
std::vector<Finding> Examine(const std::string& folder, int64_t now_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_UPKEEP_DOCTOR_H_
