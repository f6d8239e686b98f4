#ifndef WARREN_CONTROL_API_CALL_LIMITS_H_
#define WARREN_CONTROL_API_CALL_LIMITS_H_

#include <cstddef>
#include <map>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/crypto/keys.h"

namespace warren::control {

// How often one machine may make calls that change something: a few at once,
// then at a steady rate, so that one that spins costs the others nothing. Not
// thread-safe.
class CallLimits {
 public:
  // A client sends at most 4 reports a second (client/control).
  static constexpr absl::Duration kInterval = absl::Milliseconds(200);
  static constexpr int kBurst = 20;
  // Machines that have used some of their burst. When there are more, those
  // that have waited longest begin anew.
  static constexpr size_t kMaxMachines = 65'536;

  // RESOURCE_EXHAUSTED says when to come again.
  absl::Status Spend(const crypto::MachineKey& machine, Instant now);
  size_t size() const { return paid_until_.size(); }

 private:
  void Forget(Instant now);

  // By the steady rate; what has passed is as good as nothing.
  std::map<crypto::MachineKey, Instant> paid_until_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_CALL_LIMITS_H_
