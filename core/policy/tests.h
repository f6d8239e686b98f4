#ifndef WARREN_CORE_POLICY_TESTS_H_
#define WARREN_CORE_POLICY_TESTS_H_

#include <vector>

#include "core/policy/policy.h"
#include "core/policy/topology.h"

// The assertions that a policy carries about itself
// (specs/control-ts2021.md 6.8).
namespace warren::policy {

// Runs `tests` and `sshTests`; `policy` must have passed Check(). What it
// returns is empty when all hold; else each Problem begins with "test(s)
// failed", and says which assertion, what it expected, what is so, and by
// which rule.
//
// All addresses of `src` have to reach `dst`, one of its addresses is enough.
// Without `proto` one of TCP, UDP and ICMP is enough. A user or tag that has
// no device yet is tested as if it had one; what is not defined fails, and so
// does an assertion about nothing (an empty group, autogroup:internet without
// an exit node), whatever it expects.
std::vector<Problem> RunTests(const Policy& policy, const Topology& topology);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_TESTS_H_
