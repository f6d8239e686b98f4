#include "control/coordinator/policy_commands.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/default_policy.h"
#include "control/coordinator/topology.h"
#include "core/base/status_macros.h"
#include "core/policy/compiled.h"
#include "core/policy/lockout.h"
#include "core/policy/policy_text.h"
#include "core/policy/tests.h"

namespace warren::control {
namespace {

// A text that has been read, and what is wrong with it.
struct Reading {
  std::shared_ptr<const policy::Policy> policy;
  PolicyVerdict verdict;
};

Reading Read(Directory& directory, const Order& order,
             const TailnetState& tailnet, absl::string_view text) {
  Reading reading;
  policy::CheckOptions options;
  options.provider_groups = ProviderGroupsOf(tailnet);
  policy::ParsedPolicy parsed = policy::ParsePolicy(text, options);
  reading.verdict.problems = std::move(parsed.problems);
  if (!reading.verdict.problems.empty()) return reading;
  reading.policy =
      std::make_shared<const policy::Policy>(std::move(parsed.policy));
  const auto topology = std::make_shared<const policy::Topology>(
      TopologyOf(directory, tailnet, order.now_ms));
  reading.verdict.problems = policy::RunTests(*reading.policy, *topology);
  policy::Bound(reading.verdict.problems);
  if (!reading.verdict.problems.empty()) return reading;
  if (tailnet.access.parsed_policy == nullptr) return reading;
  const auto before =
      policy::Compiled::Make(tailnet.access.parsed_policy, topology);
  const auto after = policy::Compiled::Make(reading.policy, topology);
  reading.verdict.lockout =
      policy::LockoutOf(*before, *after, *topology, order.user);
  return reading;
}

absl::Status Judge(const Reading& reading, const PolicyChange& change) {
  if (!reading.verdict.problems.empty()) {
    return absl::InvalidArgumentError(
        policy::Describe(reading.verdict.problems));
  }
  if (reading.verdict.lockout.empty() || change.force) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("with this policy ", reading.verdict.lockout,
                   "; force it if that is meant"));
}

absl::Status CheckBase(const PolicyRecord& current,
                       const PolicyChange& change) {
  if (change.any_base || change.base_version == current.version) {
    return absl::OkStatus();
  }
  return absl::AbortedError(absl::StrCat(
      "the policy was changed meanwhile: version ", current.version,
      current.author.empty() ? "" : absl::StrCat(" by ", current.author),
      " is in force, and yours was made from version ", change.base_version));
}

absl::Status CheckNote(const std::string& note) {
  const bool bad = note.size() > kMaxPolicyNote ||
                   std::any_of(note.begin(), note.end(), [](char c) {
                     return static_cast<unsigned char>(c) < 0x20;
                   });
  if (!bad) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a note is one line of at most ", kMaxPolicyNote, " bytes"));
}

std::string Named(uint64_t version) {
  return version == 0 ? "the default" : absl::StrCat("version ", version);
}

}  // namespace

std::string TextInForce(const TailnetState& tailnet) {
  const PolicyRecord& record = tailnet.access.policy;
  return record.version == 0 ? kDefaultPolicy : record.text;
}

absl::StatusOr<PolicyRecord> SetPolicy(Directory& directory, const Order& order,
                                       TailnetState& tailnet,
                                       const PolicyChange& change) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kNetworkAdmin, "change the policy"));
  const PolicyRecord& current = tailnet.access.policy;
  WARREN_RETURN_IF_ERROR(CheckBase(current, change));
  WARREN_RETURN_IF_ERROR(CheckNote(change.note));
  if (change.text == TextInForce(tailnet)) return current;
  const Reading reading = Read(directory, order, tailnet, change.text);
  WARREN_RETURN_IF_ERROR(Judge(reading, change));
  PolicyRecord record;
  record.tailnet = tailnet.record.id;
  record.version = current.version + 1;
  record.text = change.text;
  record.author = order.actor;
  record.created_ms = order.now_ms;
  record.note = change.note;
  record.rolled_back_to = change.rolled_back_to;
  WARREN_RETURN_IF_ERROR(directory.store().access().InsertPolicy(
      record, AuditOf(order, tailnet,
                      change.is_rollback ? "policy.rollback" : "policy.set",
                      "policy", Named(current.version),
                      absl::StrCat(Named(record.version),
                                   change.force ? ", forced" : ""))));
  directory.SetParsedPolicy(tailnet, record, reading.policy);
  return record;
}

absl::StatusOr<PolicyRecord> RollbackPolicy(Directory& directory,
                                            const Order& order,
                                            TailnetState& tailnet,
                                            uint64_t version, bool force) {
  PolicyChange change;
  change.text = kDefaultPolicy;
  if (version != 0) {
    WARREN_ASSIGN_OR_RETURN(
        const PolicyRecord old,
        directory.store().access().PolicyVersion(tailnet.record.id, version));
    change.text = old.text;
  }
  change.any_base = true;
  change.force = force;
  change.note = absl::StrCat("rollback to ", Named(version));
  change.is_rollback = true;
  change.rolled_back_to = version;
  return SetPolicy(directory, order, tailnet, change);
}

PolicyVerdict JudgePolicy(Directory& directory, const Order& order,
                          const TailnetState& tailnet, absl::string_view text) {
  return Read(directory, order, tailnet, text).verdict;
}

absl::StatusOr<PolicyRecord> PolicyVersion(Directory& directory,
                                           const TailnetState& tailnet,
                                           uint64_t version) {
  if (version == 0 || version == tailnet.access.policy.version) {
    PolicyRecord record = tailnet.access.policy;
    record.text = TextInForce(tailnet);
    return record;
  }
  return directory.store().access().PolicyVersion(tailnet.record.id, version);
}

absl::StatusOr<std::vector<PolicyRecord>> PolicyVersions(
    Directory& directory, const TailnetState& tailnet, size_t limit) {
  if (limit == 0) limit = 100;
  return directory.store().access().PolicyVersions(
      tailnet.record.id, 0, std::min(limit, kMaxPolicyList));
}

}  // namespace warren::control
