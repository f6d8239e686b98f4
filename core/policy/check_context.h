#ifndef WARREN_CORE_POLICY_CHECK_CONTEXT_H_
#define WARREN_CORE_POLICY_CHECK_CONTEXT_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/policy/policy.h"
#include "core/policy/policy_text.h"
#include "core/policy/selector.h"

// What the checks of a policy share: the names that it defines, and the list
// of what is wrong.
namespace warren::policy {

// Which side of a rule a selector stands on.
enum class Side { kSource, kDestination };

class CheckContext {
 public:
  // Both must outlive the context.
  CheckContext(const Policy& policy, const CheckOptions& options);

  const Policy& policy() const { return policy_; }
  const CheckOptions& options() const { return options_; }
  std::vector<Problem> TakeProblems() { return std::move(problems_); }

  void Note(Place place, std::string message, std::string hint = "");

  // A selector whose name, if it has one, is defined. Otherwise the fault is
  // noted, its message after `prefix`, and there is nothing.
  std::optional<Selector> Read(const Text& text, absl::string_view prefix);
  // The same of what is written as a part of `text`, such as "tag:x" of
  // "tag:x:80".
  std::optional<Selector> ReadPart(absl::string_view part, Place place,
                                   absl::string_view prefix);

  bool HasGroup(absl::string_view name) const;
  bool HasTag(absl::string_view name) const;
  const HostDefinition* FindHost(absl::string_view name) const;

  // Each of `postures` is defined.
  void CheckPostures(const Texts& postures);
  // user:*@ and localpart:*@ name a domain of the tailnet.
  void CheckDomain(absl::string_view domain, Place place);

 private:
  // What was probably meant instead of `name`, which `section` does not have.
  std::string Hint(absl::string_view name,
                   const std::vector<std::string>& known,
                   absl::string_view section) const;
  bool IsDefined(const Selector& selector, Place place,
                 absl::string_view prefix);

  const Policy& policy_;
  const CheckOptions& options_;
  std::vector<std::string> groups_;  // sorted, as the next three
  std::vector<std::string> tags_;
  std::vector<std::string> ipsets_;
  std::vector<std::string> postures_;
  std::map<absl::string_view, const HostDefinition*> hosts_;  // by name
  std::vector<Problem> problems_;
};

// One part of the language each.
void CheckAcls(CheckContext& context);
void CheckGrants(CheckContext& context);
void CheckSsh(CheckContext& context);
void CheckNodeAttributes(CheckContext& context);
void CheckGroups(CheckContext& context);
void CheckHosts(CheckContext& context);
void CheckIpsets(CheckContext& context);
void CheckTagOwners(CheckContext& context);
void CheckAutoApprovers(CheckContext& context);
void CheckPostureDefinitions(CheckContext& context);
void CheckTests(CheckContext& context);
void CheckSshTests(CheckContext& context);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_CHECK_CONTEXT_H_
