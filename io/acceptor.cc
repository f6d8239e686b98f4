#include "io/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <utility>

namespace warren::io {
namespace {

// Connections a turn, so that a flood of them does not starve those that live.
constexpr int kMaxAcceptsPerTurn = 32;

Fd Spare() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Acceptor::Acceptor(EventLoop& loop, Fd listener,
                   std::function<void(Fd)> accepted)
    : loop_(loop),
      listener_(std::move(listener)),
      spare_(Spare()),
      accepted_(std::move(accepted)) {}

Acceptor::~Acceptor() { loop_.Unwatch(listener_.get()); }

absl::Status Acceptor::Start() {
  return loop_.Watch(listener_.get(), EPOLLIN, [this](uint32_t) { OnReady(); });
}

void Acceptor::OnReady() {
  for (int i = 0; i < kMaxAcceptsPerTurn; ++i) {
    Fd fd(accept4(listener_.get(), nullptr, nullptr,
                  SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.ok()) {
      accepted_(std::move(fd));
    } else if (errno == EMFILE || errno == ENFILE) {
      Refuse();
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

void Acceptor::Refuse() {
  spare_.Reset();
  Fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)).Reset();
  spare_ = Spare();
}

}  // namespace warren::io
