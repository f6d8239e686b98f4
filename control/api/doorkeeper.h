#ifndef WARREN_CONTROL_API_DOORKEEPER_H_
#define WARREN_CONTROL_API_DOORKEEPER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/api/credential.h"
#include "control/api/rate_limits.h"
#include "control/coordinator/directory.h"
#include "control/identity/access.h"

namespace warren::control {

// Knows who calls by what a call came with, and keeps account of who was
// refused. On the coordinator's thread, so that a key that was revoked or
// whose user was suspended is of no use from the next call on.
class Doorkeeper {
 public:
  // The person of a browser's session; UNAUTHENTICATED when there is none.
  using SessionCaller = std::function<absl::StatusOr<Caller>(
      Directory&, const Credential&, int64_t now_ms)>;
  // `sessions` may be null: no face takes cookies.
  explicit Doorkeeper(SessionCaller sessions)
      : sessions_(std::move(sessions)) {}

  // UNAUTHENTICATED: no or bad credentials; the same words for every bad key.
  // RESOURCE_EXHAUSTED: this key calls too often, see RetryAfterSeconds().
  absl::StatusOr<Caller> CallerOf(Directory& directory,
                                  const Credential& credential, int64_t now_ms);

  // Puts on record that `caller` was refused `method`; a storm of them leaves
  // a few lines.
  void OnRefused(Directory& directory, const Caller& caller,
                 absl::string_view method, int64_t now_ms);

  // For metrics; thread-safe. They only rise.
  uint64_t num_bad_credentials() const { return num_bad_credentials_; }
  uint64_t num_refused() const { return num_refused_; }
  uint64_t num_limited() const { return num_limited_; }

 private:
  absl::StatusOr<Caller> KeyCaller(Directory& directory,
                                   const Credential& credential,
                                   int64_t now_ms);
  absl::StatusOr<Caller> Limit(absl::StatusOr<Caller> caller, int64_t now_ms);

  const SessionCaller sessions_;
  RateLimits calls_{50, 200};     // of one key or session
  RateLimits refusals_{0.05, 5};  // audit rows of one caller
  std::atomic<uint64_t> num_bad_credentials_ = 0, num_refused_ = 0,
                        num_limited_ = 0;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_DOORKEEPER_H_
