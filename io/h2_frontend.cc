#include "io/h2_frontend.h"

#include <grpcpp/server_posix.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "io/grpc_alive.h"

namespace warren::io {

absl::StatusOr<std::unique_ptr<H2Frontend>> H2Frontend::Start(
    grpc::Server& server) {
  KeepGrpcAlive();
  std::unique_ptr<H2Frontend> frontend(new H2Frontend(server));
  WARREN_ASSIGN_OR_RETURN(frontend->loop_, EventLoop::Create());
  frontend->thread_ =
      std::thread([loop = frontend->loop_.get()] { loop->Run(); });
  return frontend;
}

H2Frontend::~H2Frontend() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
  while (!slots_.empty()) Drop(slots_.begin()->first);
}

void H2Frontend::Take(Handover connection) {
  // A task must be copyable.
  const auto given = std::make_shared<Handover>(std::move(connection));
  loop_->Post([this, given] { OnConnection(std::move(*given)); });
}

std::optional<net::IpAddress> H2Frontend::RemoteOf(
    const grpc::ServerContextBase& context) const {
  const std::string peer = context.peer();  // "fd:17"
  absl::string_view text = peer;
  int fd = -1;
  if (!absl::ConsumePrefix(&text, "fd:") || !absl::SimpleAtoi(text, &fd)) {
    return std::nullopt;
  }
  absl::MutexLock lock(&mutex_);
  const auto found = remotes_.find(fd);
  if (found == remotes_.end()) return std::nullopt;
  return found->second;
}

void H2Frontend::OnConnection(Handover given) {
  int pair[2];
  if (slots_.size() >= kMaxConnections ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                 pair) != 0) {
    return;
  }
  Fd ours(pair[0]), grpcs(pair[1]);
  const uint64_t id = next_id_++;
  Slot& slot = slots_[id];
  slot.grpc_end = grpcs.get();
  {
    absl::MutexLock lock(&mutex_);
    remotes_[slot.grpc_end] = given.remote.address();
  }
  slot.pump = std::make_unique<NoisePump>(std::move(given.socket),
                                          std::move(given.wire));
  slot.pump->FromPeer(given.plain);
  grpc::AddInsecureChannelFromFd(&server_, grpcs.Release());
  slot.pump->SetInner(std::move(ours));
  slot.pump->OnSocket(EPOLLOUT);
  Follow(id);
}

void H2Frontend::Follow(uint64_t id) {
  Slot& slot = slots_.at(id);
  NoisePump& pump = *slot.pump;
  if (pump.done()) {
    Drop(id);
    return;
  }
  Rewatch(pump.socket(), pump.SocketEvents(), slot.socket_watched,
          [this, id, &pump](uint32_t ready) {
            pump.OnSocket(ready);
            Follow(id);
          });
  Rewatch(pump.inner(), pump.InnerEvents(), slot.inner_watched,
          [this, id, &pump](uint32_t ready) {
            pump.OnInner(ready);
            Follow(id);
          });
}

void H2Frontend::Rewatch(int fd, int events, bool& watched,
                         std::function<void(uint32_t)> callback) {
  if (events == NoisePump::kNothing) {
    if (watched) loop_->Unwatch(fd);
    watched = false;
  } else if (!watched) {
    watched =
        loop_->Watch(fd, static_cast<uint32_t>(events), std::move(callback))
            .ok();
  } else {
    // Fails only for a descriptor that is not watched.
    (void)loop_->SetEvents(fd, static_cast<uint32_t>(events));
  }
}

void H2Frontend::Drop(uint64_t id) {
  Slot& slot = slots_.at(id);
  if (slot.socket_watched) loop_->Unwatch(slot.pump->socket());
  if (slot.inner_watched) loop_->Unwatch(slot.pump->inner());
  slots_.erase(id);
}

}  // namespace warren::io
