#ifndef WARREN_IO_GRPC_TEST_SERVICE_H_
#define WARREN_IO_GRPC_TEST_SERVICE_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/check.h"
#include "core/crypto/keys.h"
#include "io/grpc_alive.h"
#include "io/grpc_status.h"
#include "io/rpc.h"

// Test only: a service written for gRPC's own library behind a NoiseFrontend.
namespace warren::io {

inline constexpr char kTestMachineMetadata[] = "test-machine";

// The machine at the other end of the channel that a call came through.
inline absl::StatusOr<crypto::MachineKey> TestCaller(
    const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(kTestMachineMetadata);
  WARREN_CHECK(found != metadata.end());
  return crypto::MachineKey::Parse(
      std::string(found->second.data(), found->second.size()));
}

class GrpcTestService final : public RpcService {
 public:
  explicit GrpcTestService(grpc::Service& service) {
    KeepGrpcAlive();
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    stub_ = std::make_unique<grpc::GenericStub>(server_->InProcessChannel({}));
  }
  ~GrpcTestService() override {
    server_->Shutdown(std::chrono::system_clock::now());
  }

  void OnCall(std::shared_ptr<RpcCall> call,
              absl::string_view request) override {
    const auto proxy = std::make_shared<Proxy>(std::move(call));
    proxy->Start(*stub_, request, proxy);
  }

 private:
  // One call, message by message; keeps itself until gRPC is done with it.
  class Proxy final
      : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
   public:
    explicit Proxy(std::shared_ptr<RpcCall> call) : call_(std::move(call)) {}

    void Start(grpc::GenericStub& stub, absl::string_view request,
               const std::shared_ptr<Proxy>& self) {
      self_ = self;
      context_.AddMetadata(kTestMachineMetadata,
                           call_->peer().machine.ToString());
      call_->Listen({.sent = [self] { self->StartRead(&self->message_); },
                     .ended =
                         [self] {
                           self->context_.TryCancel();
                           self->Release();
                         }});
      const grpc::Slice slice(std::string(request.data(), request.size()));
      request_ = grpc::ByteBuffer(&slice, 1);
      stub.PrepareBidiStreamingCall(&context_, call_->method(), {}, this);
      AddHold();
      StartWriteLast(&request_, grpc::WriteOptions());
      StartRead(&message_);
      StartCall();
    }
    void OnReadDone(bool ok) override {
      if (!ok) {
        Release();
        return;
      }
      grpc::Slice slice;
      WARREN_CHECK(message_.DumpToSingleSlice(&slice).ok());
      call_->Send(std::string(reinterpret_cast<const char*>(slice.begin()),
                              slice.size()));
    }
    void OnDone(const grpc::Status& status) override {
      call_->Finish(FromGrpc(status));
      const auto self = std::move(self_);
    }

   private:
    // Once: until the stream or the call has ended, more reads may begin.
    void Release() {
      {
        absl::MutexLock lock(&mutex_);
        if (std::exchange(released_, true)) return;
      }
      RemoveHold();
    }

    const std::shared_ptr<RpcCall> call_;
    std::shared_ptr<Proxy> self_;
    grpc::ClientContext context_;
    grpc::ByteBuffer request_, message_;
    absl::Mutex mutex_;
    bool released_ ABSL_GUARDED_BY(mutex_) = false;
  };

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

}  // namespace warren::io

#endif  // WARREN_IO_GRPC_TEST_SERVICE_H_
