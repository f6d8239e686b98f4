#include "control/coordinator/tailnet_commands.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kDayMs = 24 * 60 * kMinuteMs;
constexpr size_t kUsualSuggestions = 5;
// With far more pairs than tailnets this never ends a list early.
constexpr size_t kMaxTries = 1000;

// A time that is 0 (the server's) or within bounds.
absl::Status CheckTime(const char* field, int64_t ms, int64_t least,
                       int64_t most) {
  if (ms == 0 || (ms >= least && ms <= most)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", ms, " is not between ",
                   absl::FormatDuration(absl::Milliseconds(least)), " and ",
                   absl::FormatDuration(absl::Milliseconds(most)), ", nor 0"));
}

absl::Status CheckSettings(const TailnetSettings& settings) {
  WARREN_RETURN_IF_ERROR(CheckTime("key_lifetime_ms", settings.key_lifetime_ms,
                                   kMinuteMs, 3650 * kDayMs));
  WARREN_RETURN_IF_ERROR(CheckTime("ephemeral_timeout_ms",
                                   settings.ephemeral_timeout_ms,
                                   10 * kSecondMs, 30 * kDayMs));
  return CheckTime("session_lifetime_ms", settings.session_lifetime_ms,
                   5 * kMinuteMs, 90 * kDayMs);
}

// What is different in `after`: "approve_devices=true".
std::string ChangesText(const TailnetSettings& before,
                        const TailnetSettings& after,
                        const TailnetSettings& shown) {
  std::vector<std::string> parts;
  const auto note = [&](const char* name, auto field) {
    if (before.*field == after.*field) return;
    parts.push_back(absl::StrCat(name, "=", shown.*field));
  };
  note("approve_devices", &TailnetSettings::approve_devices);
  note("approve_users", &TailnetSettings::approve_users);
  note("invited_only", &TailnetSettings::invited_only);
  note("local_accounts", &TailnetSettings::local_accounts);
  note("require_second_factor", &TailnetSettings::require_second_factor);
  note("key_lifetime_ms", &TailnetSettings::key_lifetime_ms);
  note("ephemeral_timeout_ms", &TailnetSettings::ephemeral_timeout_ms);
  note("session_lifetime_ms", &TailnetSettings::session_lifetime_ms);
  return absl::StrJoin(parts, " ");
}

}  // namespace

std::vector<std::string> SuggestTailnetNames(Directory& directory,
                                             size_t count) {
  std::set<std::string> taken;
  for (const auto& [id, tailnet] : directory.tailnets()) {
    taken.insert(tailnet.record.name);
  }
  const size_t wanted =
      count == 0 ? kUsualSuggestions : std::min(count, kMaxSuggestions);
  std::vector<std::string> names;
  for (size_t i = 0; i < kMaxTries && names.size() < wanted; ++i) {
    std::string name = TailnetName(directory.rng());
    if (taken.insert(name).second) names.push_back(std::move(name));
  }
  return names;
}

std::string DomainOf(const Directory& directory, const TailnetState& tailnet) {
  // Names from before they had to be labels are made into one.
  const std::string label = LabelFrom(tailnet.record.name);
  const std::string& base = directory.options().base_domain;
  return base.empty() ? label : absl::StrCat(label, ".", base);
}

std::string DomainNameOf(const Directory& directory,
                         const TailnetState& tailnet, const NodeRecord& node) {
  return absl::StrCat(node.naming.name, ".", DomainOf(directory, tailnet));
}

absl::Status SetSettings(Directory& directory, const Order& order,
                         TailnetState& tailnet,
                         const TailnetSettings& settings) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kAdmin, "change settings"));
  WARREN_RETURN_IF_ERROR(CheckSettings(settings));
  TailnetRecord record = tailnet.record;
  const TailnetSettings before = std::exchange(record.settings, settings);
  if (before == settings) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(directory.store().PutTailnet(
      record, AuditOf(order, tailnet, "settings.change",
                      absl::StrCat("tailnet ", record.name),
                      ChangesText(before, settings, before),
                      ChangesText(before, settings, settings))));
  tailnet.record = std::move(record);
  // Devices may be in that waited; ephemeral ones go at another time.
  directory.TouchAllNodes(tailnet, order.now_ms);
  return absl::OkStatus();
}

}  // namespace warren::control
