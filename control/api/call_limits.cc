#include "control/api/call_limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace warren::control {

absl::Status CallLimits::Spend(const crypto::MachineKey& machine, Instant now) {
  if (paid_until_.size() >= kMaxMachines) Forget(now);
  Instant& paid = paid_until_.try_emplace(machine, now).first->second;
  const Instant next = std::max(paid, now) + kInterval;
  if (next - now > kBurst * kInterval) {
    return absl::ResourceExhaustedError(
        absl::StrCat("this machine calls too often: once each ",
                     absl::FormatDuration(kInterval), " is allowed for long"));
  }
  paid = next;
  return absl::OkStatus();
}

void CallLimits::Forget(Instant now) {
  std::erase_if(paid_until_,
                [now](const auto& entry) { return entry.second <= now; });
  if (paid_until_.size() >= kMaxMachines) paid_until_.clear();
}

}  // namespace warren::control
