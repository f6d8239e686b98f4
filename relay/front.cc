#include "relay/front.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <string>

#include "absl/strings/string_view.h"
#include "relay/listen.h"
#include "spdlog/spdlog.h"

namespace warren::relay {
namespace {

constexpr size_t kReadSize = 32 * 1024;

void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

// specs/dataplane.md §2.15, and a bound on what the kernel queues unsent, so
// that a slow client's backlog stays with us, where the newest packets win.
void TuneSocket(int fd) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 15000);  // ms
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 600);  // s
  SetOption(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 64 * 1024);
}

}  // namespace

struct Front::Pending {
  Pending(uint64_t connection_id, Transport t, ConnectionSlot s,
          const net::Endpoint& from)
      : id(connection_id),
        transport(std::move(t)),
        slot(std::move(s)),
        remote(from) {}

  const uint64_t id;
  Transport transport;
  ConnectionSlot slot;
  net::Endpoint remote;
  io::HttpHeadReader head;
  std::optional<LoginSession> login;  // after the request
  std::vector<uint8_t> rest;          // behind the login, while not admitted
  bool admitting = false;
  bool closing = false;   // has its last answer
  bool finished = false;  // and it was sent
  Instant deadline;
};

Front::Front(io::EventLoop& loop, Settings settings,
             std::function<void(Arrival)> arrived)
    : loop_(loop),
      settings_(std::move(settings)),
      arrived_(std::move(arrived)),
      wire_(kReadSize),
      plain_(kReadSize + Transport::kMaxHeld) {}

Front::~Front() {
  while (!pending_.empty()) Remove(pending_.begin()->first);
}

void Front::OnAccepted(io::Fd fd) {
  auto slot =
      ConnectionSlot::Take(*settings_.connections, settings_.max_connections);
  if (!slot || pending_.size() >= kMaxPending) {
    ++refused_;
    return;
  }
  TuneSocket(fd.get());
  const uint64_t id = next_id_++;
  const net::Endpoint remote = RemoteEndpoint(fd.get());
  const int raw = fd.get();
  auto p = std::make_unique<Pending>(
      id, Transport(std::move(fd), settings_.tls), *std::move(slot), remote);
  const absl::Status watched = loop_.Watch(
      raw, EPOLLIN, [this, id](uint32_t events) { OnReady(id, events); });
  if (!watched.ok()) {
    ++refused_;
    return;
  }
  SetDeadline(*p, loop_.Now() + kRequestDeadline);
  pending_.emplace(id, std::move(p));
}

void Front::OnReady(uint64_t id, uint32_t events) {
  const auto it = pending_.find(id);
  if (it == pending_.end()) return;
  Pending& p = *it->second;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    Remove(id);
    return;
  }
  if ((events & EPOLLIN) != 0) {
    const auto n = p.transport.Read(wire_, plain_);
    if (!n.ok()) {
      if (!absl::IsUnavailable(n.status())) {
        spdlog::debug("connection failed remote={} error=\"{}\"",
                      p.remote.ToString(), std::string(n.status().message()));
      }
      (void)p.transport.Flush();  // Perhaps an alert.
      Remove(id);
      return;
    }
    if (!OnBytes(p, Bytes(plain_).first(*n))) return;
  }
  Flush(p);
}

bool Front::OnBytes(Pending& p, Bytes stream) {
  std::vector<uint8_t> unwrapped;  // what `stream` then points into
  if (p.closing) return true;      // Read only to see the end.
  if (!p.login) {
    const auto complete = p.head.Take(stream);
    if (!complete.ok()) {
      (void)p.transport.Write(AsBytes(BadRequest()));
      StartClosing(p);
      return true;
    }
    if (!*complete) return true;
    if (!OnRequest(p, stream, unwrapped)) return false;
    if (!p.login) return true;
  }
  const auto login = p.login->Next(stream, *settings_.key);
  if (!login.ok()) {
    ++failed_logins_;
    spdlog::debug("login refused remote={} error=\"{}\"", p.remote.ToString(),
                  std::string(login.status().message()));
    Remove(p.id);
    return false;
  }
  if (!*login) return true;
  return OnLogin(p, (*login)->client, stream);
}

bool Front::OnRequest(Pending& p, Bytes& stream,
                      std::vector<uint8_t>& unwrapped) {
  const auto request = p.head.Request();
  if (!request.ok()) {
    (void)p.transport.Write(AsBytes(BadRequest()));
    StartClosing(p);
    return true;
  }
  const HttpAnswer answer = settings_.answer(*request);
  p.head.Clear();
  absl::Status written = p.transport.Write(AsBytes(answer.bytes));
  if (written.ok() && answer.then != Then::kClose) {
    if (answer.then == Then::kDerpWebSocket) {
      auto decoded = p.transport.StartWebSocket(stream);
      written = decoded.status();
      if (decoded.ok()) stream = unwrapped = *std::move(decoded);
    }
    p.login.emplace(loop_.Now());
    SetDeadline(p, p.login->Deadline());
    written.Update(
        p.transport.Write(LoginSession::Greeting(settings_.key->public_key())));
  }
  if (!written.ok()) {
    Remove(p.id);
    return false;
  }
  if (!p.login) StartClosing(p);
  return true;
}

bool Front::OnLogin(Pending& p, const crypto::NodeKey& key, Bytes rest) {
  p.rest.assign(rest.begin(), rest.end());
  if (!settings_.admit) {
    Arrive(p, key);
    return false;
  }
  p.admitting = true;
  SetDeadline(p, loop_.Now() + kAdmissionDeadline);
  settings_.admit(
      key, p.remote.address(), [this, id = p.id, key](bool allowed) {
        loop_.Post([this, id, key, allowed] { Admitted(id, key, allowed); });
      });
  return true;
}

void Front::Admitted(uint64_t id, const crypto::NodeKey& key, bool allowed) {
  const auto it = pending_.find(id);
  if (it == pending_.end()) return;
  if (allowed) {
    Arrive(*it->second, key);
    return;
  }
  ++failed_logins_;
  spdlog::info("client refused key={} reason=verify_client_url",
               key.ShortString());
  Remove(id);
}

void Front::Arrive(Pending& p, const crypto::NodeKey& key) {
  const auto owned = Remove(p.id);
  arrived_({std::move(owned->transport), std::move(owned->slot), key,
            owned->remote, std::move(owned->rest)});
}

void Front::StartClosing(Pending& p) {
  p.closing = true;
  SetDeadline(p, loop_.Now() + kLinger);
}

bool Front::Flush(Pending& p) {
  if (!p.transport.Flush().ok()) {
    Remove(p.id);
    return false;
  }
  const bool blocked = p.transport.pending() > 0;
  if (p.closing && !blocked && !p.finished) {
    p.transport.FinishWriting();
    p.finished = true;
  }
  // While admission is awaited nothing is read: the kernel holds it.
  const uint32_t in = p.admitting ? 0u : uint32_t{EPOLLIN};
  const uint32_t out = blocked ? uint32_t{EPOLLOUT} : 0u;
  if (!loop_.SetEvents(p.transport.fd(), in | out).ok()) {
    Remove(p.id);
    return false;
  }
  return true;
}

void Front::SetDeadline(Pending& p, Instant at) {
  deadlines_.erase({p.deadline.SinceEpoch(), p.id});
  p.deadline = at;
  deadlines_.insert({at.SinceEpoch(), p.id});
}

std::unique_ptr<Front::Pending> Front::Remove(uint64_t id) {
  const auto it = pending_.find(id);
  auto owned = std::move(it->second);
  pending_.erase(it);
  deadlines_.erase({owned->deadline.SinceEpoch(), id});
  loop_.Unwatch(owned->transport.fd());
  return owned;
}

void Front::OnTimeout(Instant now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.SinceEpoch()) {
    Remove(deadlines_.begin()->second);
  }
}

Instant Front::Next() const {
  return deadlines_.empty() ? Instant::Never()
                            : Instant::FromEpoch(deadlines_.begin()->first);
}

}  // namespace warren::relay
