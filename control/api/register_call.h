#ifndef WARREN_CONTROL_API_REGISTER_CALL_H_
#define WARREN_CONTROL_API_REGISTER_CALL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "control/coordinator/coordinator.h"
#include "control/coordinator/registration.h"
#include "io/rpc.h"
#include "warren/v1/coordination.pb.h"

namespace warren::control {

// How registrations ended, for metrics.
struct RegistrationCounters {
  std::atomic<uint64_t> ok = 0;
  std::atomic<uint64_t> waiting = 0;  // for a person to sign in
  std::atomic<uint64_t> refused = 0;
};

// One call of Register. What follows a login waits, without a thread, until
// the person has answered, the time of the call is over or its caller has left.
class RegisterCall : public std::enable_shared_from_this<RegisterCall> {
 public:
  // `coordinator` and `counters` must outlive all calls.
  RegisterCall(Coordinator& coordinator, RegistrationCounters& counters,
               std::shared_ptr<io::RpcCall> call, RegisterCommand command)
      : coordinator_(coordinator),
        counters_(counters),
        call_(std::move(call)),
        command_(std::move(command)) {}

  // Once, on the thread of the call's events.
  void Start();

 private:
  // Registers, and finishes with what comes of it; at most once.
  void GoOn();
  absl::Status Register(Directory& directory, int64_t now_ms);
  void Count(const absl::Status& status);

  Coordinator& coordinator_;
  RegistrationCounters& counters_;
  const std::shared_ptr<io::RpcCall> call_;
  const RegisterCommand command_;
  v1::RegisterResponse response_;
  std::atomic<bool> going_ = false;  // or not worth it: the caller has left
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_REGISTER_CALL_H_
