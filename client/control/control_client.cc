#include "client/control/control_client.h"

#include <utility>

#include "absl/synchronization/mutex.h"
#include "client/control/control_worker.h"
#include "client/control/host_info.h"
#include "core/base/status_macros.h"
#include "proto/convert/netmap.h"

namespace warren::client {
namespace {

constexpr absl::Duration kRegisterTimeout = absl::Seconds(20);
// Control holds a call that follows a login for 60 s.
constexpr absl::Duration kFollowTimeout = absl::Seconds(80);
constexpr absl::Duration kLogoutTimeout = absl::Seconds(5);

v1::RegisterRequest ToProto(const RegisterParams& params) {
  v1::RegisterRequest request;
  request.set_node_key(convert::KeyToProto(params.node_key));
  if (params.old_node_key) {
    request.set_old_node_key(convert::KeyToProto(*params.old_node_key));
  }
  request.set_disco_key(convert::KeyToProto(params.disco_key));
  request.set_auth_key(params.auth_key);
  request.set_wanted_name(params.wanted_name);
  request.set_ephemeral(params.ephemeral);
  request.mutable_wanted_tags()->Assign(params.wanted_tags.begin(),
                                        params.wanted_tags.end());
  request.set_tailnet(params.tailnet);
  request.set_force_sign_in(params.force_sign_in);
  request.set_follow_url(params.follow_url);
  *request.mutable_host_info() = ThisHost();
  return request;
}

absl::StatusOr<Registration> FromProto(const v1::RegisterResponse& response) {
  if (!response.auth_url().empty()) {
    Registration waits;
    waits.auth_url = response.auth_url();
    return waits;
  }
  WARREN_ASSIGN_OR_RETURN(netmap::Node node,
                          convert::FromProto(response.node()));
  return Registration{std::move(node), response.tailnet(),
                      response.user_login(), ""};
}

v1::ReportRequest ToProto(const NodeReport& report) {
  v1::ReportRequest request;
  request.set_node_key(convert::KeyToProto(report.node_key));
  request.set_disco_key(convert::KeyToProto(report.disco_key));
  for (const net::Endpoint& endpoint : report.endpoints) {
    request.add_endpoints(endpoint.ToString());
  }
  request.set_home_relay(report.home_relay.value());
  request.set_applied_version(report.applied_version);
  *request.mutable_host_info() = ThisHost();
  return request;
}

}  // namespace

// At most one update waits for the loop.
class ControlClient::Turnstile {
 public:
  // Before the loop is given an update.
  void Enter() {
    absl::MutexLock lock(&mutex_);
    passing_ = true;
  }
  // By the loop, when it has the update.
  void Pass() {
    absl::MutexLock lock(&mutex_);
    passing_ = false;
  }
  // The loop will take nothing more.
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  void AwaitPassed() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Turnstile::Free));
  }

 private:
  bool Free() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !passing_ || closed_;
  }
  absl::Mutex mutex_;
  bool passing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

ControlClient::ControlClient(io::EventLoop& loop, Rng& rng,
                             ControlOptions options, ControlCallbacks callbacks)
    : loop_(loop),
      callbacks_(std::move(callbacks)),
      alive_(std::make_shared<bool>(true)),
      turnstile_(std::make_shared<Turnstile>()) {
  ControlWorker::Events events;
  events.server_key = [this](const crypto::MachineKey& key) {
    Post([this, key] { callbacks_.server_key(key); });
  };
  events.connection = [this](const absl::Status& status) {
    Post([this, status] { callbacks_.connection(status); });
  };
  events.update = [this](const v1::NetmapUpdate& update) {
    return OnUpdate(update);
  };
  worker_ = std::make_unique<ControlWorker>(rng, std::move(options),
                                            std::move(events));
}

ControlClient::~ControlClient() {
  *alive_ = false;
  turnstile_->Close();
}

absl::Status ControlClient::OnUpdate(const v1::NetmapUpdate& update) {
  if (update.server_time_ms() != 0) {
    const absl::Duration time = absl::Milliseconds(update.server_time_ms());
    Post([this, time] { callbacks_.server_time(time); });
  }
  std::function<void()> task;
  if (update.has_full()) {
    WARREN_ASSIGN_OR_RETURN(netmap::Netmap full,
                            convert::FromProto(update.full()));
    task = [this, full = std::move(full)] { callbacks_.netmap(full); };
  } else if (update.has_diff()) {
    WARREN_ASSIGN_OR_RETURN(netmap::NetmapDiff diff,
                            convert::FromProto(update.diff()));
    task = [this, diff = std::move(diff)] { callbacks_.diff(diff); };
  } else {
    return absl::OkStatus();  // Only to say that control is there.
  }
  turnstile_->Enter();
  Post([turnstile = turnstile_, task = std::move(task)] {
    turnstile->Pass();
    task();
  });
  turnstile_->AwaitPassed();
  return absl::OkStatus();
}

void ControlClient::Post(std::function<void()> task) {
  loop_.Post([alive = alive_, task = std::move(task)] {
    if (*alive) task();
  });
}

void ControlClient::Register(
    RegisterParams params,
    std::function<void(absl::StatusOr<Registration>)> done) {
  auto response = std::make_shared<v1::RegisterResponse>();
  ControlWorker::Command command;
  command.timeout =
      params.follow_url.empty() ? kRegisterTimeout : kFollowTimeout;
  command.call = [request = ToProto(params), response](
                     v1::Coordination::Stub& stub, grpc::ClientContext& call) {
    return stub.Register(&call, request, response.get());
  };
  command.done = [this, response,
                  done = std::move(done)](const absl::Status& status) {
    absl::StatusOr<Registration> result =
        status.ok() ? FromProto(*response) : status;
    Post([done, result] { done(result); });
  };
  worker_->Do(std::move(command));
}

void ControlClient::Logout(const crypto::NodeKey& node_key,
                           std::function<void(absl::Status)> done) {
  ControlWorker::Command command;
  command.timeout = kLogoutTimeout;
  command.call = [node_key](v1::Coordination::Stub& stub,
                            grpc::ClientContext& call) {
    v1::LogoutRequest request;
    request.set_node_key(convert::KeyToProto(node_key));
    v1::LogoutResponse response;
    return stub.Logout(&call, request, &response);
  };
  command.done = [this, done = std::move(done)](const absl::Status& status) {
    Post([done, status] { done(status); });
  };
  worker_->Do(std::move(command));
}

void ControlClient::Watch(const crypto::NodeKey& node_key) {
  worker_->Watch(node_key);
}

void ControlClient::Resync() { worker_->Resync(); }

void ControlClient::Report(NodeReport report) {
  worker_->Report(ToProto(report));
}

}  // namespace warren::client
