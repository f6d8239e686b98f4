#ifndef WARREN_IO_CHANNEL_TEST_SERVER_H_
#define WARREN_IO_CHANNEL_TEST_SERVER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/system_rng.h"
#include "io/cancel.h"
#include "io/grpc_status.h"
#include "io/grpc_test_service.h"
#include "io/noise_dial.h"
#include "io/noise_frontend.h"
#include "warren/v1/coordination.grpc.pb.h"

// Test only: a whole control server's front with a service that tells who
// calls, and a client for it.
namespace warren::io {

// Register: answers with the caller's machine key as `tailnet` and repeats the
// auth key as `user_login`. WatchNetmap: sends `kNumUpdates` netmaps of about
// 100 kB, then waits until the call is cancelled.
class WhoCalls final : public v1::Coordination::Service {
 public:
  static constexpr int kNumUpdates = 40;

  grpc::Status Register(grpc::ServerContext* context,
                        const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override {
    response->set_tailnet(TestCaller(*context)->ToString());
    response->set_user_login(request->auth_key());
    return grpc::Status::OK;
  }

  grpc::Status WatchNetmap(
      grpc::ServerContext* context, const v1::WatchNetmapRequest*,
      grpc::ServerWriter<v1::NetmapUpdate>* writer) override {
    v1::NetmapUpdate update;
    for (int i = 0; i < kNumUpdates; ++i) {
      update.mutable_full()->set_version(static_cast<uint64_t>(i));
      update.mutable_full()->set_tailnet(std::string(100'000, 'x'));
      if (!writer->Write(update)) break;
    }
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    absl::MutexLock lock(&mutex_);
    ++num_cancelled_;
    return grpc::Status::CANCELLED;
  }

  // Waits until `n` streams have been cancelled.
  bool AwaitCancelled(int n) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, n]() { return num_cancelled_ >= n; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
  }

 private:
  absl::Mutex mutex_;
  int num_cancelled_ = 0;
};

struct ChannelTestServer {
  explicit ChannelTestServer(NoiseFrontendOptions options = {}) {
    if (!options.listen.IsSet()) {
      options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 0);
    }
    auto started =
        NoiseFrontend::Start(std::move(options), key.Clone(), calls, rng);
    WARREN_CHECK(started.ok());
    frontend = *std::move(started);
  }

  NoiseDialOptions DialOptions() const {
    NoiseDialOptions options;
    options.url = {false, "127.0.0.1", frontend->local().port()};
    return options;
  }
  absl::StatusOr<std::unique_ptr<NoiseChannel>> Dial(
      const crypto::MachinePrivateKey& machine) {
    return NoiseChannel::Dial(DialOptions(), machine, key.public_key(), rng,
                              cancel);
  }

  crypto::SystemRng rng;
  crypto::MachinePrivateKey key = crypto::MachinePrivateKey::Generate(rng);
  Cancel cancel;
  WhoCalls service;
  GrpcTestService calls{service};
  std::unique_ptr<NoiseFrontend> frontend;
};

// Whom the server takes the caller for, or the error's code and message.
// `token_of`: the channel whose token is sent; null: none.
inline std::string WhoAmI(const NoiseChannel& channel,
                          const NoiseChannel* token_of,
                          const std::string& auth_key = "") {
  grpc::ClientContext context;
  if (token_of != nullptr) token_of->Authenticate(context);
  v1::RegisterRequest request;
  request.set_auth_key(auth_key);
  v1::RegisterResponse response;
  const grpc::Status status = v1::Coordination::NewStub(channel.grpc())
                                  ->Register(&context, request, &response);
  if (status.ok()) return response.tailnet();
  return absl::StrCat(status.error_code(), " ", status.error_message());
}

}  // namespace warren::io

#endif  // WARREN_IO_CHANNEL_TEST_SERVER_H_
