#ifndef WARREN_CONTROL_COORDINATOR_POLICY_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_POLICY_COMMANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"
#include "core/policy/policy.h"

// The policy of a tailnet: checked, tested, then stored as the next version,
// and only then in force.
namespace warren::control {

// A policy that somebody wants in force.
struct PolicyChange {
  std::string text;
  uint64_t base_version = 0;  // the version that was edited
  bool any_base = false;      // whatever is in force
  bool force = false;         // also when it locks its author out
  std::string note;           // at most kMaxPolicyNote bytes
  bool is_rollback = false;
  uint64_t rolled_back_to = 0;
};
inline constexpr size_t kMaxPolicyNote = 1000;

// What holds in the tailnet: of version 0, the default, there is no record.
std::string TextInForce(const TailnetState& tailnet);

// INVALID_ARGUMENT: the problems, one a line, failed tests among them.
// ABORTED: another version is in force than `base_version`.
// FAILED_PRECONDITION: it locks somebody out (core/policy/lockout.h).
// PERMISSION_DENIED: not a network admin. What is in force already is not
// stored again.
absl::StatusOr<PolicyRecord> SetPolicy(Directory& directory, const Order& order,
                                       TailnetState& tailnet,
                                       const PolicyChange& change);

// Puts an earlier version in force again, as a new one. NOT_FOUND: there is
// none of that number. 0 is the default policy.
absl::StatusOr<PolicyRecord> RollbackPolicy(Directory& directory,
                                            const Order& order,
                                            TailnetState& tailnet,
                                            uint64_t version, bool force);

// What SetPolicy() would say of a text, without doing anything.
struct PolicyVerdict {
  std::vector<policy::Problem> problems;
  std::string lockout;  // empty: it locks nobody out
};
PolicyVerdict JudgePolicy(Directory& directory, const Order& order,
                          const TailnetState& tailnet, absl::string_view text);

// The version with its text: 0 is the one in force.
absl::StatusOr<PolicyRecord> PolicyVersion(Directory& directory,
                                           const TailnetState& tailnet,
                                           uint64_t version);
// Newest first, without texts; `limit` 0 = 100, at most kMaxPolicyList.
absl::StatusOr<std::vector<PolicyRecord>> PolicyVersions(
    Directory& directory, const TailnetState& tailnet, size_t limit);
inline constexpr size_t kMaxPolicyList = 1000;

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_POLICY_COMMANDS_H_
