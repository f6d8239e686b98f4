#ifndef WARREN_CLIENT_DAEMON_LOCAL_SERVICE_H_
#define WARREN_CLIENT_DAEMON_LOCAL_SERVICE_H_

#include <atomic>
#include <functional>

#include "absl/status/status.h"
#include "client/daemon/daemon.h"
#include "io/event_loop.h"
#include "warren/v1/local.grpc.pb.h"

namespace warren::client {

// warren.v1.Local over one Daemon. Methods run on gRPC's threads; each posts
// to the daemon's loop and waits, and gives up when its caller does or when
// the program ends.
class LocalService final : public v1::Local::Service {
 public:
  // `may_write`: whether the callers of this server may change things.
  // `stopping` is set when the loop is about to stop.
  LocalService(io::EventLoop& loop, Daemon& daemon, bool may_write,
               const std::atomic<bool>& stopping)
      : loop_(loop),
        daemon_(daemon),
        may_write_(may_write),
        stopping_(stopping) {}

  grpc::Status Up(grpc::ServerContext* context, const v1::UpRequest* request,
                  grpc::ServerWriter<v1::UpProgress>* writer) override;
  grpc::Status Down(grpc::ServerContext* context, const v1::DownRequest*,
                    v1::DownResponse*) override;
  grpc::Status Logout(grpc::ServerContext* context,
                      const v1::LocalLogoutRequest*,
                      v1::LocalLogoutResponse*) override;
  grpc::Status GetStatus(grpc::ServerContext* context,
                         const v1::GetStatusRequest*,
                         v1::Status* response) override;
  grpc::Status Ping(grpc::ServerContext* context,
                    const v1::PingRequest* request,
                    grpc::ServerWriter<v1::PingReply>* writer) override;
  grpc::Status Netcheck(grpc::ServerContext* context,
                        const v1::NetcheckRequest*,
                        v1::NetcheckReport* response) override;
  grpc::Status Why(grpc::ServerContext* context, const v1::WhyRequest* request,
                   v1::WhyReport* response) override;
  grpc::Status DebugPaths(grpc::ServerContext* context,
                          const v1::DebugPathsRequest* request,
                          v1::DebugPathsReport* response) override;

 private:
  using Done = std::function<void(absl::Status)>;
  // Runs `start` on the loop and waits until it has called what it was given.
  // DEADLINE_EXCEEDED after `limit`; it may be called later all the same.
  // `look` is called now and then while it waits.
  absl::Status OnLoop(grpc::ServerContext& context,
                      std::function<void(Done)> start,
                      absl::Duration limit = absl::InfiniteDuration(),
                      const std::function<void()>& look = nullptr);
  absl::Status CheckMayWrite() const;
  // The time between pings; shorter if `until_direct` and that is now.
  void PauseBetweenPings(grpc::ServerContext& context,
                         const v1::PingRequest& request);
  // One ping and its answer; an error ends the call, an unanswered ping not.
  absl::Status PingOnce(grpc::ServerContext& context,
                        const v1::PingRequest& request, v1::PingReply& reply);

  struct Network {
    v1::NetcheckReport report;
    bool checking = false;  // more may be known in a moment
  };
  absl::Status LookAtNetwork(grpc::ServerContext& context, bool recheck,
                             Network& network);

  io::EventLoop& loop_;
  Daemon& daemon_;
  const bool may_write_;
  const std::atomic<bool>& stopping_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_LOCAL_SERVICE_H_
