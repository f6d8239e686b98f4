#ifndef WARREN_CONTROL_API_COORDINATION_SERVICE_H_
#define WARREN_CONTROL_API_COORDINATION_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>

#include "control/coordinator/coordinator.h"
#include "control/stream/stream_hub.h"
#include "core/base/instant.h"
#include "io/channel_registry.h"
#include "warren/v1/coordination.grpc.pb.h"

namespace warren::control {

// warren.v1.Coordination: who calls is the machine of the Noise channel.
// Checks what came, posts it to the coordinator, answers from its thread; no
// thread waits. Everything given must outlive this object, and the server be
// shut down before it goes.
class CoordinationService final : public v1::Coordination::CallbackService {
 public:
  struct Clocks {
    std::function<Instant()> now;
    std::function<int64_t()> unix_now_ms;
  };
  CoordinationService(Coordinator& coordinator, StreamHub& hub,
                      const io::ChannelRegistry& channels, Clocks clocks);

  grpc::ServerUnaryReactor* Register(grpc::CallbackServerContext* call,
                                     const v1::RegisterRequest* request,
                                     v1::RegisterResponse* response) override;
  grpc::ServerWriteReactor<v1::NetmapUpdate>* WatchNetmap(
      grpc::CallbackServerContext* call,
      const v1::WatchNetmapRequest* request) override;
  grpc::ServerUnaryReactor* Report(grpc::CallbackServerContext* call,
                                   const v1::ReportRequest* request,
                                   v1::ReportResponse* response) override;
  grpc::ServerUnaryReactor* Logout(grpc::CallbackServerContext* call,
                                   const v1::LogoutRequest* request,
                                   v1::LogoutResponse* response) override;

 private:
  void OpenStream(std::shared_ptr<NetmapStream> stream,
                  const crypto::MachineKey& machine,
                  const crypto::NodeKey& node_key);

  Coordinator& coordinator_;
  StreamHub& hub_;
  const io::ChannelRegistry& channels_;
  const Clocks clocks_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_COORDINATION_SERVICE_H_
