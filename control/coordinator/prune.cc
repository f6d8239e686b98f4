#include "control/coordinator/prune.h"

namespace warren::control {

void PruneExpired(Directory& directory, int64_t now_ms) {
  // Else they stay until the next time; the store is in trouble.
  if (!directory.store().accounts().PruneExpired(now_ms).ok()) return;
  const auto is_past = [](int64_t at_ms, int64_t limit_ms) {
    return at_ms != 0 && at_ms <= limit_ms;
  };
  const int64_t old = now_ms - AccountStore::kKeepInvitationMs;
  for (auto& [id, tailnet] : directory.tailnets()) {
    std::erase_if(tailnet.accounts.sessions, [&](const auto& entry) {
      return is_past(entry.second.expires_ms, now_ms);
    });
    std::erase_if(tailnet.access.api_keys, [&](const auto& entry) {
      return entry.second.kind == ApiKeyKind::kAccessToken &&
             is_past(entry.second.expires_ms, now_ms);
    });
    std::erase_if(tailnet.accounts.invitations, [&](const auto& entry) {
      return is_past(entry.second.used_ms, old) ||
             is_past(entry.second.expires_ms, old);
    });
  }
}

}  // namespace warren::control
