#ifndef WARREN_CORE_POLICY_POLICY_TEXT_H_
#define WARREN_CORE_POLICY_POLICY_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/policy/policy.h"

// From the text of a policy (HuJSON: JSON, comments, trailing commas) to the
// tree, and what is wrong with either.
namespace warren::policy {

inline constexpr size_t kMaxTextSize = 1 << 20;  // bytes
inline constexpr size_t kMaxRules = 10000;  // of acls, grants, ssh, nodeAttrs

// Of one text that are told; a last one says how many more there are.
inline constexpr size_t kMaxProblems = 100;
inline constexpr size_t kMaxProblemText = 500;  // bytes of a message or hint

// What the world around a policy adds to, or takes from, the language.
struct CheckOptions {
  // Groups in groups. The hosted service refuses them, so `policy compile`
  // does too.
  bool nested_groups = true;
  // autogroup:member and autogroup:tagged as dst of ssh rules; refused by the
  // hosted service likewise.
  bool ssh_to_autogroups = true;
  // Autogroups, "*" and user:*@DOMAIN as src and dst of tests and sshTests;
  // refused likewise.
  bool tests_of_many = true;
  // Groups of the identity providers, without "group:". They need no
  // definition, nor do names with "@" (group:ops@example.com).
  std::vector<std::string> provider_groups;
  // The domains that user:*@DOMAIN and localpart:*@DOMAIN may name. Empty:
  // any. The hosted service knows its customer's domain: its owner's.
  std::vector<std::string> domains;
};

struct ParsedPolicy {
  Policy policy;                  // only of use without problems
  std::vector<Problem> problems;  // in the order of the text, bounded
  bool ok() const { return problems.empty(); }
};

// Syntax, shape and unknown fields, then the rules of the language that need
// no topology (Check); those only when the first are kept. Any bytes are
// welcome; at most kMaxTextSize of them.
ParsedPolicy ParsePolicy(absl::string_view text,
                         const CheckOptions& options = {});

// The rules of the language: undefined tags and groups, selectors where they
// may not be, ports, protocols, cycles ... (spec 6.2 to 6.11). Messages are
// what the hosted service says of the same fault. A test that can never pass
// (spec 6.8) is "test(s) failed" here too, with the reason as the hint.
std::vector<Problem> Check(const Policy& policy,
                           const CheckOptions& options = {});

// Cuts them down to kMaxProblems, each a line without control characters and
// of kMaxProblemText at most: what stands in a policy may be long.
void Bound(std::vector<Problem>& problems);

// "line 3, column 7: MESSAGE (HINT)", one a line, in about 4 kB: what does not
// fit is counted.
std::string Describe(const std::vector<Problem>& problems);

// The text in the usual layout: comments stay, nothing else changes meaning.
// INVALID as ParsePolicy says: then `text` comes back as it is.
std::string Format(absl::string_view text);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_POLICY_TEXT_H_
