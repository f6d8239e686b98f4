#ifndef WARREN_ADMIN_CLI_POLICY_CASE_H_
#define WARREN_ADMIN_CLI_POLICY_CASE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/policy/topology.h"

// A policy and the tailnet it is for, in one JSON file, as `policy compile`
// reads it:
//
//   policy    the text of the policy, or itself as an object
//   topology  as core/policy/topology_text.h says
//
// What else is there, such as `tailnet_settings`, has no effect on a policy.
//
// A case does not tell all that a server knows. Without roles the first user
// counts as the owner of the tailnet, the others as administrators. Who
// advertised a route first is told by the ids of nodes; where there are none,
// routers are senior in the order of how many routes they advertise (most
// first), the length of their names, and the names.
namespace warren::admin {

struct PolicyCase {
  std::string policy_text;
  policy::Topology topology;
  std::string owner;  // login of the owner; empty without users
  // Cases that were recorded of late number their devices from 100.64.0.0 or
  // give users no ids. Their tailnet had automatic updates switched off, and
  // told its devices so.
  bool auto_update_off = false;
};

// INVALID_ARGUMENT names the place and what is wrong there.
absl::StatusOr<PolicyCase> ReadPolicyCase(absl::string_view json);

// What the policy means for each node of the case, as JSON:
//   {"status": 200, "expect": {NODE: {"filter", "peers", "self", "ssh",
//    "whois_caps"}}}
//   {"status": 400, "error": {"message"}, "expect": {}}  a policy refused
std::string CompilePolicyCase(const PolicyCase& c);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_POLICY_CASE_H_
