#include "io/wire_channel.h"

#include <grpcpp/create_channel_posix.h>
#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "core/base/status_macros.h"
#include "io/clock.h"
#include "io/dial_wire.h"
#include "io/grpc_alive.h"

namespace warren::io {
namespace {

constexpr int kCloseTimeoutMs = 2000;
// Of one answer: a list of all nodes may be long.
constexpr int kMaxMessageSize = 64 * 1024 * 1024;

void PumpUntilClosed(NoisePump& pump, const Cancel& close) {
  while (!pump.done() && !close.cancelled()) {
    const int events[2] = {pump.SocketEvents(), pump.InnerEvents()};
    const int fds[2] = {pump.socket(), pump.inner()};
    pollfd ready[3] = {};
    for (int i = 0; i < 2; ++i) {
      const bool wanted = events[i] != NoisePump::kNothing;
      ready[i].fd = wanted ? fds[i] : -1;
      ready[i].events = static_cast<short>(wanted ? events[i] : 0);
    }
    ready[2] = {close.fd(), POLLIN, 0};
    if (poll(ready, 3, pump.closing() ? kCloseTimeoutMs : -1) == 0) return;
    if (ready[0].revents != 0) {
      pump.OnSocket(static_cast<uint32_t>(ready[0].revents));
    }
    if (ready[1].revents != 0) {
      pump.OnInner(static_cast<uint32_t>(ready[1].revents));
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<WireChannel>> WireChannel::Dial(
    const ControlUrl& url, std::shared_ptr<const TlsContext> tls,
    absl::Duration timeout) {
  KeepGrpcAlive();
  std::unique_ptr<WireChannel> channel(new WireChannel());
  WARREN_ASSIGN_OR_RETURN(
      DialWire wire,
      DialWire::Connect(url, std::move(tls), Clock().Now() + timeout,
                        channel->close_));
  NoisePump pump(wire.TakeSocket(), wire.TakeWire());
  pump.FromPeer(wire.received());
  WARREN_RETURN_IF_ERROR(channel->Run(std::move(pump)));
  return channel;
}

absl::Status WireChannel::Run(NoisePump pump) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                 pair) != 0) {
    return absl::InternalError("no socket pair: out of descriptors?");
  }
  pump.SetInner(Fd(pair[0]));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageSize);
  channel_ =
      grpc::CreateCustomInsecureChannelFromFd("control", pair[1], arguments);
  thread_ = std::thread([this, pump = std::move(pump)]() mutable {
    PumpUntilClosed(pump, close_);
  });
  return absl::OkStatus();
}

WireChannel::~WireChannel() {
  close_.Now();
  if (thread_.joinable()) thread_.join();
}

}  // namespace warren::io
