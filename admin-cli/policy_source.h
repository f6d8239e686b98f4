#ifndef WARREN_ADMIN_CLI_POLICY_SOURCE_H_
#define WARREN_ADMIN_CLI_POLICY_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "admin-cli/session.h"
#include "core/policy/policy.h"
#include "core/policy/topology.h"

// Where the verbs of `policy` have their policies and topologies from: files,
// or the server. Whoever names both in files needs no server.
namespace warren::admin {

// The whole file; "-" is the standard input.
absl::StatusOr<std::string> ReadInput(const std::string& path);
// Replaces the file by way of a new one beside it.
absl::Status WriteOutput(const std::string& path, absl::string_view text);

// A text that has a name: the path, or "the policy of the server".
struct PolicyText {
  std::string name;
  std::string text;
};
// Of the file, or of the server if `path` is empty; `version` 0: in force.
absl::StatusOr<PolicyText> LoadPolicyText(Session& session,
                                          const std::string& path,
                                          uint64_t version = 0);

// Of the file (core/policy/topology_text.h), or of the server.
absl::StatusOr<policy::Topology> LoadTopology(Session& session,
                                              const std::string& path);

// The policy that the text says; its problems go to stderr, and into the
// error how many there are.
absl::StatusOr<std::shared_ptr<const policy::Policy>> ReadPolicy(
    const PolicyText& text, const policy::Topology* topology);

// "FILE:LINE:COLUMN: MESSAGE (HINT)" on stderr each; OK if there are none.
absl::Status Complain(const PolicyText& text,
                      const std::vector<policy::Problem>& problems);

// The problems as JSON.
cli::Json ToJson(const std::vector<policy::Problem>& problems);

// The line of the text, without blanks around it, shortened.
std::string LineOf(const PolicyText& text, policy::Place place);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_POLICY_SOURCE_H_
