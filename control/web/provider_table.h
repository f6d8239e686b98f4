#ifndef WARREN_CONTROL_WEB_PROVIDER_TABLE_H_
#define WARREN_CONTROL_WEB_PROVIDER_TABLE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "control/coordinator/coordinator.h"
#include "control/identity/seal.h"
#include "control/identity/sign_in.h"

namespace warren::control {

// Keeps SignIn's providers as the store has them. Thread-safe.
class ProviderTable {
 public:
  struct Entry {
    TailnetId tailnet;
    ProviderId id;
    std::string name;
  };

  ProviderTable(Coordinator& coordinator, SignIn& sign_in,
                const SealKey& seal_key)
      : coordinator_(coordinator), sign_in_(sign_in), seal_key_(seal_key) {}

  // All of them, after telling SignIn what has changed since the last call.
  // One that cannot be used is left out.
  absl::StatusOr<std::vector<Entry>> Refresh() ABSL_LOCKS_EXCLUDED(mutex_);
  // By the id in our URLs. nullopt: there is none.
  absl::StatusOr<std::optional<Entry>> Find(absl::string_view id);

 private:
  Coordinator& coordinator_;
  SignIn& sign_in_;
  const SealKey& seal_key_;
  absl::Mutex mutex_;
  std::map<ProviderId, ProviderRecord> known_ ABSL_GUARDED_BY(mutex_);
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_PROVIDER_TABLE_H_
