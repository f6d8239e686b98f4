#include "control/web/local_site.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "core/base/status_macros.h"
#include "io/http_upgrade.h"
#include "io/tcp.h"

namespace warren::control {
namespace {

std::string BytesOf(const io::HttpReply& reply, bool with_body) {
  io::HttpResponse head;
  head.status = reply.status;
  head.headers = {{"Content-Type", reply.content_type},
                  {"Cache-Control", "no-store"},
                  {"Connection", "close"}};
  return io::BuildHttpResponse(head, with_body ? reply.body : "");
}

std::string AnswerTo(const absl::StatusOr<io::HttpRequest>& request,
                     const GetHandler& get) {
  if (!request.ok()) {
    return BytesOf({.status = 400, .body = "not an HTTP request\n"}, true);
  }
  const bool is_get = request->method == "GET";
  if (!is_get && request->method != "HEAD") {
    return BytesOf({.status = 405, .body = "use GET\n"}, true);
  }
  auto reply = get(*request);
  if (!reply) {
    reply = io::HttpReply{.status = 404, .body = "there is nothing here\n"};
  }
  return BytesOf(*reply, is_get);
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalSite>> LocalSite::Start(
    const net::Endpoint& listen, GetHandler get, absl::Duration patience) {
  std::unique_ptr<LocalSite> site(new LocalSite(std::move(get), patience));
  WARREN_RETURN_IF_ERROR(site->Listen(listen));
  return site;
}

absl::Status LocalSite::Listen(const net::Endpoint& listen) {
  WARREN_ASSIGN_OR_RETURN(loop_, io::EventLoop::Create());
  WARREN_ASSIGN_OR_RETURN(io::Fd listener, io::ListenTcp(listen));
  local_ = io::LocalEndpoint(listener);
  acceptor_ = std::make_unique<io::Acceptor>(
      *loop_, std::move(listener),
      [this](io::Fd fd) { OnConnection(std::move(fd)); });
  WARREN_RETURN_IF_ERROR(acceptor_->Start());
  loop_->SetDeadline([this] { return NextDeadline(); },
                     [this](Instant now) { CloseOverdue(now); });
  thread_ = std::thread([this] { loop_->Run(); });
  return absl::OkStatus();
}

LocalSite::~LocalSite() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
}

void LocalSite::OnConnection(io::Fd fd) {
  if (connections_.size() >= kMaxConnections) return;
  const int number = fd.get();
  Connection& connection = connections_[number];
  connection.fd = std::move(fd);
  connection.until = loop_->Now() + patience_;
  const absl::Status watched =
      loop_->Watch(number, EPOLLIN,
                   [this, &connection](uint32_t) { OnReadable(connection); });
  if (!watched.ok()) connections_.erase(number);
}

void LocalSite::OnReadable(Connection& connection) {
  std::array<uint8_t, 4096> buffer;
  const ssize_t n = recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return Close(connection.fd.get());
  Bytes bytes(buffer.data(), static_cast<size_t>(n));
  const auto complete = connection.head.Take(bytes);
  if (complete.ok() && !*complete) return;
  Answer(connection);
}

void LocalSite::Answer(Connection& connection) {
  const std::string answer = AnswerTo(connection.head.Request(), get_);
  // It fits in the socket's buffer; who has filled that gets a part.
  (void)send(connection.fd.get(), answer.data(), answer.size(),
             MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(connection.fd.get(), SHUT_WR);
  Close(connection.fd.get());
}

void LocalSite::Close(int fd) {
  loop_->Unwatch(fd);
  connections_.erase(fd);
}

Instant LocalSite::NextDeadline() const {
  Instant next = Instant::Never();
  for (const auto& [fd, connection] : connections_) {
    next = std::min(next, connection.until);
  }
  return next;
}

void LocalSite::CloseOverdue(Instant now) {
  std::vector<int> overdue;
  for (const auto& [fd, connection] : connections_) {
    if (connection.until <= now) overdue.push_back(fd);
  }
  for (int fd : overdue) Close(fd);
}

}  // namespace warren::control
