#ifndef WARREN_CONTROL_API_COORDINATION_SERVICE_H_
#define WARREN_CONTROL_API_COORDINATION_SERVICE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "control/api/call_limits.h"
#include "control/api/register_call.h"
#include "control/coordinator/coordinator.h"
#include "control/stream/stream_hub.h"
#include "core/base/instant.h"
#include "io/rpc.h"
#include "warren/v1/coordination.pb.h"

namespace warren::control {

// warren.v1.Coordination: who calls is the machine of the Noise channel.
// Checks what came, posts it to the coordinator, answers from its thread; no
// thread waits. Everything given must outlive this object, and the frontend be
// gone before it is.
class CoordinationService final : public io::RpcService {
 public:
  struct Clocks {
    std::function<Instant()> now;
    std::function<int64_t()> unix_now_ms;
  };
  CoordinationService(Coordinator& coordinator, StreamHub& hub, Clocks clocks);

  void OnCall(std::shared_ptr<io::RpcCall> call,
              absl::string_view request) override;

  // For metrics; thread-safe. They only rise.
  const RegistrationCounters& registrations() const { return registrations_; }
  uint64_t num_limited() const { return num_limited_; }

 private:
  using Call = std::shared_ptr<io::RpcCall>;
  void Register(const Call& call, const v1::RegisterRequest& request);
  void WatchNetmap(const Call& call, const v1::WatchNetmapRequest& request);
  void Report(const Call& call, const v1::ReportRequest& request);
  void Logout(const Call& call, const v1::LogoutRequest& request);
  void OpenStream(std::shared_ptr<NetmapStream> stream, const Call& call,
                  const crypto::NodeKey& node_key);

  // Parses `bytes` for `method`, or refuses them.
  template <class Request>
  void Dispatch(const Call& call, absl::string_view bytes,
                void (CoordinationService::*method)(const Call&,
                                                    const Request&));

  Coordinator& coordinator_;
  StreamHub& hub_;
  const Clocks clocks_;
  const std::shared_ptr<const NetmapStream::Hooks> hooks_;
  CallLimits limits_;  // of the frontend's thread
  std::atomic<uint64_t> num_limited_ = 0;
  RegistrationCounters registrations_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_COORDINATION_SERVICE_H_
