#ifndef WARREN_CONTROL_COORDINATOR_STORED_POLICY_H_
#define WARREN_CONTROL_COORDINATOR_STORED_POLICY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "control/store/access_records.h"
#include "core/policy/policy.h"

namespace warren::control {

// The tree of a policy that was put in force once; version 0 is the default.
// FAILED_PRECONDITION, with the place: this program does not understand it.
// Going on without it could open what it forbids.
absl::StatusOr<std::shared_ptr<const policy::Policy>> ReadStoredPolicy(
    const PolicyRecord& record);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_STORED_POLICY_H_
