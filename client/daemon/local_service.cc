#include "client/daemon/local_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "client/daemon/peer_lookup.h"
#include "client/daemon/status_report.h"
#include "core/base/status_macros.h"
#include "io/grpc_status.h"

namespace warren::client {
namespace {

// How often a waiting call looks whether its caller has left.
constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kPingInterval = absl::Seconds(1);
// A check that takes longer is told as far as it is.
constexpr absl::Duration kNetcheckLimit = absl::Seconds(5);
constexpr uint32_t kMaxPings = 100000;

// The newest link to sign in at: the loop puts it, the call's thread takes it.
class LinkBox {
 public:
  void Put(const std::string& url) {
    const absl::MutexLock lock(&mutex_);
    url_ = url;
  }
  std::string Take() {
    const absl::MutexLock lock(&mutex_);
    return std::exchange(url_, "");
  }

 private:
  absl::Mutex mutex_;
  std::string url_ ABSL_GUARDED_BY(mutex_);
};

UpParams ParamsOf(const v1::UpRequest& request) {
  return {.control_url = request.control_url(),
          .auth_key = request.auth_key(),
          .wanted_name = request.hostname(),
          .control_key = request.control_key(),
          .ephemeral = request.ephemeral(),
          .wanted_tags = {request.advertise_tags().begin(),
                          request.advertise_tags().end()},
          .tailnet = request.tailnet(),
          .force_reauth = request.force_reauth(),
          .show_url = nullptr};
}

// A result that one thread waits for and another gives, perhaps too late.
struct Pending {
  absl::Mutex mutex;
  bool done ABSL_GUARDED_BY(mutex) = false;
  absl::Status status ABSL_GUARDED_BY(mutex);
};

}  // namespace

absl::Status LocalService::CheckMayWrite() const {
  if (may_write_) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "only root, the daemon's user and its operator may do this; try sudo");
}

absl::Status LocalService::OnLoop(grpc::ServerContext& context,
                                  std::function<void(Done)> start,
                                  absl::Duration limit,
                                  const std::function<void()>& look) {
  const Instant end = loop_.Now() + limit;
  auto pending = std::make_shared<Pending>();
  loop_.Post([start = std::move(start), pending] {
    start([pending](absl::Status status) {
      const absl::MutexLock lock(&pending->mutex);
      pending->done = true;
      pending->status = std::move(status);
    });
  });
  const absl::MutexLock lock(&pending->mutex);
  while (!pending->mutex.AwaitWithTimeout(absl::Condition(&pending->done),
                                          kLook)) {
    if (context.IsCancelled()) return absl::CancelledError("the caller left");
    if (stopping_) return absl::UnavailableError("warrend is ending");
    if (loop_.Now() >= end) return absl::DeadlineExceededError("no answer");
    if (look) look();
  }
  return pending->status;
}

grpc::Status LocalService::Up(grpc::ServerContext* context,
                              const v1::UpRequest* request,
                              grpc::ServerWriter<v1::UpProgress>* writer) {
  const absl::Status allowed = CheckMayWrite();
  if (!allowed.ok()) return io::ToGrpc(allowed);
  UpParams params = ParamsOf(*request);
  const auto links = std::make_shared<LinkBox>();
  params.show_url = [links](const std::string& url) { links->Put(url); };
  v1::UpProgress progress;
  progress.set_state(v1::CONNECTING);
  progress.set_message("connecting to control");
  writer->Write(progress);
  const auto show_link = [&] {
    const std::string url = links->Take();
    if (url.empty()) return;
    progress.set_state(v1::NEEDS_LOGIN);
    progress.set_message("waiting for you to sign in");
    progress.set_auth_url(url);
    writer->Write(progress);
  };
  auto last = std::make_shared<v1::UpProgress>();
  const absl::Status up = OnLoop(
      *context,
      [this, params, last](Done done) {
        daemon_.Up(params, [this, last, done](absl::Status status) {
          *last->mutable_status() = StatusOf(daemon_);
          done(std::move(status));
        });
      },
      absl::InfiniteDuration(), show_link);
  if (!up.ok()) return io::ToGrpc(up);
  last->set_state(last->status().state());
  last->set_message("connected");
  writer->Write(*last);
  return grpc::Status::OK;
}

grpc::Status LocalService::Down(grpc::ServerContext* context,
                                const v1::DownRequest*, v1::DownResponse*) {
  const absl::Status allowed = CheckMayWrite();
  if (!allowed.ok()) return io::ToGrpc(allowed);
  return io::ToGrpc(
      OnLoop(*context, [this](Done done) { done(daemon_.Down()); }));
}

grpc::Status LocalService::Logout(grpc::ServerContext* context,
                                  const v1::LocalLogoutRequest*,
                                  v1::LocalLogoutResponse*) {
  const absl::Status allowed = CheckMayWrite();
  if (!allowed.ok()) return io::ToGrpc(allowed);
  return io::ToGrpc(
      OnLoop(*context, [this](Done done) { daemon_.Logout(std::move(done)); }));
}

grpc::Status LocalService::GetStatus(grpc::ServerContext* context,
                                     const v1::GetStatusRequest*,
                                     v1::Status* response) {
  auto status = std::make_shared<v1::Status>();
  const absl::Status done = OnLoop(*context, [this, status](Done finish) {
    *status = StatusOf(daemon_);
    finish(absl::OkStatus());
  });
  if (done.ok()) *response = std::move(*status);
  return io::ToGrpc(done);
}

absl::Status LocalService::PingOnce(grpc::ServerContext& context,
                                    const v1::PingRequest& request,
                                    v1::PingReply& reply) {
  auto answer = std::make_shared<v1::PingReply>();
  const absl::Duration limit = request.timeout_seconds() > 0
                                   ? absl::Seconds(request.timeout_seconds())
                                   : absl::InfiniteDuration();
  const absl::Status status = OnLoop(
      context,
      [this, answer, peer = request.peer()](Done done) {
        const absl::Status sent = daemon_.Ping(
            peer, [this, answer, done](const engine::PingResult& result) {
              const engine::Engine* engine = daemon_.tunnel().engine();
              const netmap::Netmap* netmap =
                  engine == nullptr ? nullptr : engine->netmap();
              if (netmap != nullptr && netmap->peers.contains(result.peer)) {
                const netmap::Node& node = netmap->peers.at(result.peer);
                answer->set_peer_name(node.name);
                if (!node.addresses.empty()) {
                  answer->set_peer_address(node.addresses[0].ToString());
                }
              }
              *answer->mutable_path() = PathOf(result.path, result.rtt, netmap);
              if (!result.rtt) answer->set_error("no answer");
              done(absl::OkStatus());
            });
        if (!sent.ok()) done(sent);
      },
      limit);
  if (absl::IsDeadlineExceeded(status)) {
    // Not `answer`: the loop may still write to it.
    reply.set_error(std::string(status.message()));
    return absl::OkStatus();
  }
  // A peer that cannot be pinged just now may be so a second later.
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
    answer->set_error(std::string(status.message()));
    reply = std::move(*answer);
    return absl::OkStatus();
  }
  if (status.ok()) reply = std::move(*answer);
  return status;
}

void LocalService::PauseBetweenPings(grpc::ServerContext& context,
                                     const v1::PingRequest& request) {
  const Instant end = loop_.Now() + kPingInterval;
  bool looks = request.until_direct();
  while (loop_.Now() < end && !context.IsCancelled() && !stopping_) {
    absl::SleepFor(std::min(kLook, end - loop_.Now()));
    if (!looks) continue;
    auto direct = std::make_shared<bool>(false);
    const absl::Status looked =
        OnLoop(context, [this, direct, peer = request.peer()](Done done) {
          const engine::Engine* engine = daemon_.tunnel().engine();
          const auto id = FindPeer(engine, peer);
          const auto status = id.ok() ? engine->peer(*id) : std::nullopt;
          *direct = status && status->path.kind == engine::PathKind::kDirect;
          done(id.status());
        });
    if (looked.ok() && *direct) return;
    looks = looked.ok();
  }
}

grpc::Status LocalService::Ping(grpc::ServerContext* context,
                                const v1::PingRequest* request,
                                grpc::ServerWriter<v1::PingReply>* writer) {
  const uint32_t count = std::clamp<uint32_t>(request->count(), 1, kMaxPings);
  for (uint32_t i = 0; i < count; ++i) {
    if (i > 0) PauseBetweenPings(*context, *request);
    v1::PingReply reply;
    const absl::Status status = PingOnce(*context, *request, reply);
    if (!status.ok()) return io::ToGrpc(status);
    if (!writer->Write(reply)) break;
    if (request->until_direct() && reply.error().empty() &&
        reply.path().kind() == v1::Path::DIRECT) {
      break;
    }
  }
  return grpc::Status::OK;
}

absl::Status LocalService::LookAtNetwork(grpc::ServerContext& context,
                                         bool recheck, Network& network) {
  // Not `network` itself: the loop may answer when the caller has left.
  auto seen = std::make_shared<Network>();
  const absl::Status status = OnLoop(context, [this, seen, recheck](Done done) {
    if (daemon_.tunnel().engine() == nullptr) {
      return done(absl::FailedPreconditionError(
          "the tunnel is not up; `warren up` brings it up"));
    }
    if (recheck) {
      daemon_.tunnel().Command(
          [](engine::Engine& engine, Instant now) { engine.Recheck(now); });
    }
    const engine::Engine& engine = *daemon_.tunnel().engine();
    const engine::NetworkStatus now = engine.network();
    seen->report = NetcheckOf(now, engine.netmap());
    seen->checking = now.checking;
    done(absl::OkStatus());
  });
  if (status.ok()) network = std::move(*seen);
  return status;
}

grpc::Status LocalService::Netcheck(grpc::ServerContext* context,
                                    const v1::NetcheckRequest*,
                                    v1::NetcheckReport* response) {
  const absl::Time end = absl::Now() + kNetcheckLimit;
  Network network;
  absl::Status status = LookAtNetwork(*context, /*recheck=*/true, network);
  while (status.ok() && network.checking && absl::Now() < end) {
    absl::SleepFor(kLook);
    status = LookAtNetwork(*context, /*recheck=*/false, network);
  }
  if (status.ok()) *response = std::move(network.report);
  return io::ToGrpc(status);
}

}  // namespace warren::client
