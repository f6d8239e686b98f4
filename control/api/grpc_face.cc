#include "control/api/grpc_face.h"

#include <grpcpp/alarm.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "control/api/reflection.h"
#include "io/grpc_status.h"

namespace warren::control {
namespace {

using Context = grpc::GenericCallbackServerContext;

constexpr char kService[] = "/warren.v1.Admin/";
constexpr std::chrono::seconds kPatience(60);
constexpr int kMaxQuestions = 1000;  // of one reflection stream
constexpr int kMaxCallsOfConnection = 100;
constexpr int kIdleMs = 10 * 60 * 1000;
constexpr int kPingEveryMs = 60'000;
constexpr int kPingTimeoutMs = 20'000;

bool ParseBuffer(grpc::ByteBuffer& buffer, google::protobuf::Message& out) {
  grpc::ProtoBufferReader reader(&buffer);
  return reader.status().ok() && out.ParseFromZeroCopyStream(&reader);
}

grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message) {
  const std::string bytes = message.SerializeAsString();
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status Malformed() {
  return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                      "the request is not a message of this method");
}

// Ends a call whose message does not come.
class Patience {
 public:
  explicit Patience(Context* context)
      : shared_(std::make_shared<Shared>(context)) {
    alarm_.Set(std::chrono::system_clock::now() + kPatience,
               [shared = shared_](bool due) {
                 absl::MutexLock lock(&shared->mutex);
                 if (due && shared->context) shared->context->TryCancel();
               });
  }
  ~Patience() {
    {
      absl::MutexLock lock(&shared_->mutex);
      shared_->context = nullptr;
    }
    alarm_.Cancel();
  }

 private:
  struct Shared {
    explicit Shared(Context* c) : context(c) {}
    absl::Mutex mutex;
    Context* context ABSL_GUARDED_BY(mutex);
  };
  const std::shared_ptr<Shared> shared_;
  grpc::Alarm alarm_;
};

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

// One message in, one out.
class Unary final : public grpc::ServerGenericBidiReactor {
 public:
  Unary(AdminDispatcher& dispatcher, const AdminMethod& method,
        Credential credential, Context* context)
      : dispatcher_(dispatcher),
        method_(method),
        credential_(std::move(credential)),
        context_(context),
        request_(method.NewRequest()),
        response_(method.NewResponse()),
        patience_(std::in_place, context) {
    StartRead(&buffer_);
  }

 private:
  void OnReadDone(bool ok) override {
    patience_.reset();
    if (!ok || !ParseBuffer(buffer_, *request_)) return Finish(Malformed());
    if (context_->deadline() <= std::chrono::system_clock::now()) {
      return Finish(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                                 "the deadline was over before it began"));
    }
    dispatcher_.Call(method_, std::move(credential_), *request_, *response_,
                     [this](const absl::Status& status) { Answer(status); });
  }
  void Answer(const absl::Status& status) {
    const auto retry_after = RetryAfterSeconds(status);
    if (retry_after) {
      context_->AddTrailingMetadata("retry-after", absl::StrCat(*retry_after));
    }
    if (!status.ok()) return Finish(io::ToGrpc(status));
    buffer_ = ToBuffer(*response_);
    StartWriteAndFinish(&buffer_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void OnDone() override { delete this; }

  AdminDispatcher& dispatcher_;
  const AdminMethod& method_;
  Credential credential_;
  Context* const context_;
  const std::unique_ptr<google::protobuf::Message> request_, response_;
  std::optional<Patience> patience_;
  grpc::ByteBuffer buffer_;
};

// Server reflection, for callers that may call at all.
class ReflectionStream final : public grpc::ServerGenericBidiReactor {
 public:
  ReflectionStream(AdminDispatcher& dispatcher, Credential credential,
                   Context* context)
      : context_(context),
        who_(FindAdminMethod("WhoAmI")),
        request_(who_->NewRequest()),
        response_(who_->NewResponse()) {
    dispatcher.Call(*who_, std::move(credential), *request_, *response_,
                    [this](const absl::Status& status) {
                      if (!status.ok()) return Finish(io::ToGrpc(status));
                      Next();
                    });
  }

 private:
  void Next() {
    if (++num_asked_ > kMaxQuestions) {
      return Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 "too many questions on one stream"));
    }
    patience_.emplace(context_);
    StartRead(&buffer_);
  }
  void OnReadDone(bool ok) override {
    patience_.reset();
    if (!ok) return Finish(grpc::Status::OK);
    v1::ReflectionRequest question;
    if (!ParseBuffer(buffer_, question)) return Finish(Malformed());
    buffer_ = ToBuffer(Reflect(question));
    StartWrite(&buffer_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    Next();
  }
  void OnDone() override { delete this; }

  Context* const context_;
  const AdminMethod* const who_;
  const std::unique_ptr<google::protobuf::Message> request_, response_;
  std::optional<Patience> patience_;
  grpc::ByteBuffer buffer_;
  int num_asked_ = 0;
};

}  // namespace

grpc::ServerGenericBidiReactor* GrpcFace::CreateReactor(Context* context) {
  Credential credential = credential_of_(*context);
  if (credential.kind == Credential::Kind::kNone) {
    return new Refusal(grpc::Status(
        grpc::StatusCode::UNAUTHENTICATED,
        "who are you? Send an API key: `authorization: Bearer wapi-...`"));
  }
  absl::string_view path = context->method();
  if (IsReflection(path)) {
    return new ReflectionStream(dispatcher_, std::move(credential), context);
  }
  const AdminMethod* method = nullptr;
  if (absl::ConsumePrefix(&path, kService)) method = FindAdminMethod(path);
  if (method == nullptr) {
    return new Refusal(grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                                    "there is no such method"));
  }
  return new Unary(dispatcher_, *method, std::move(credential), context);
}

std::unique_ptr<grpc::Server> GrpcFace::MakeServer(GrpcFace& face) {
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&face);
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  // A small message could unpack into a large one.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingEveryMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             kMaxCallsOfConnection);
  return builder.BuildAndStart();
}

Credential BearerOf(const Context& context) {
  Credential credential;
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  // Two of them: nobody knows which is meant.
  if (found == metadata.end() || metadata.count("authorization") > 1) {
    return credential;
  }
  absl::string_view value(found->second.data(), found->second.size());
  if (!absl::StartsWithIgnoreCase(value, "bearer ")) return credential;
  value.remove_prefix(7);
  credential.kind = Credential::Kind::kBearer;
  credential.text = std::string(value);
  return credential;
}

}  // namespace warren::control
