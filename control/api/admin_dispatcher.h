#ifndef WARREN_CONTROL_API_ADMIN_DISPATCHER_H_
#define WARREN_CONTROL_API_ADMIN_DISPATCHER_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "control/api/admin_calls.h"
#include "control/api/credential.h"
#include "control/api/doorkeeper.h"
#include "control/coordinator/coordinator.h"

namespace warren::control {

// Where the calls of all faces come together: who calls, may they, do it, and
// answer when it is durable. Thread-safe.
class AdminDispatcher {
 public:
  // Slow calls that may wait for each other; more are refused.
  static constexpr size_t kMaxSlow = 16;

  // Everything given must outlive it; the calls must be complete, and the
  // doorkeeper be this one's alone.
  AdminDispatcher(Coordinator& coordinator, const AdminCalls& calls,
                  Doorkeeper& doorkeeper);
  // The coordinator must have been stopped. Ends when the slow call that is
  // running does; those that wait are answered UNAVAILABLE.
  ~AdminDispatcher();

  // Calls `done` once, from any thread, perhaps at once. Until then `method`,
  // `request` and `response` must live; `done` must not block.
  using Done = std::function<void(const absl::Status&)>;
  void Call(const AdminMethod& method, Credential credential,
            const google::protobuf::Message& request,
            google::protobuf::Message& response, Done done);

 private:
  struct Slow {
    AdminCalls::Later work;
    Done done;
  };
  void Enqueue(Slow slow) ABSL_LOCKS_EXCLUDED(mutex_);
  void RunSlow() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasSlow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !slow_.empty();
  }

  Coordinator& coordinator_;
  const AdminCalls& calls_;
  Doorkeeper& doorkeeper_;
  absl::Mutex mutex_;
  std::deque<Slow> slow_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_DISPATCHER_H_
