#ifndef WARREN_CORE_POLICY_LOCKOUT_H_
#define WARREN_CORE_POLICY_LOCKOUT_H_

#include <string>

#include "core/base/strong_id.h"
#include "core/policy/compiled.h"
#include "core/policy/topology.h"

// A mistake in a policy can leave nobody who could go and see what it did.
// Administration itself is not at stake: the control server is reached
// without the tailnet.
namespace warren::policy {

// Whether the step from one policy to another, on one topology, locks
// somebody out:
//   - its author: a device of theirs could open connections to some other
//     device, and now none of theirs can to any;
//   - the administrators, if the author has no device: the same of all
//     devices of owners, admins and network admins together.
// Empty: no. Else who lost what, for people.
std::string LockoutOf(const Compiled& before, const Compiled& after,
                      const Topology& topology, UserId author);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_LOCKOUT_H_
