#include "client/wg/uapi_server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/bytes.h"
#include "core/base/status_macros.h"
#include "core/crypto/secret.h"

namespace warren::client {
namespace {

constexpr size_t kReadSize = 16384;

void Wipe(std::string& text) {
  crypto::Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  text.clear();
}

// Moves to a larger buffer without leaving the old one's keys behind.
void AppendWiping(absl::string_view more, std::string& text) {
  if (text.capacity() < text.size() + more.size()) {
    std::string larger;
    larger.reserve(2 * text.size() + more.size() + kReadSize);
    larger.append(text);
    Wipe(text);
    text = std::move(larger);
  }
  text.append(more.data(), more.size());
}

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return absl::FailedPreconditionError(
        absl::StrCat("configuration socket ", path, ": path too long"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::Status Refuse(const std::string& path, absl::string_view call) {
  return absl::FailedPreconditionError(absl::StrCat(
      "configuration socket ", path, ": ", call, ": ", strerror(errno)));
}

bool SomebodyListens(const sockaddr_un& address) {
  const io::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                 sizeof address) == 0;
}

uint64_t InodeOf(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

UapiServer::Client::~Client() {
  Wipe(in);
  Wipe(out);
}

absl::StatusOr<std::unique_ptr<UapiServer>> UapiServer::Listen(
    io::EventLoop& loop, const std::string& directory, const std::string& name,
    Handler handler) {
  std::unique_ptr<UapiServer> server(new UapiServer(
      loop, absl::StrCat(directory, "/", name, ".sock"), std::move(handler)));
  WARREN_RETURN_IF_ERROR(server->Start(directory));
  return server;
}

absl::Status UapiServer::Start(const std::string& directory) {
  WARREN_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path_));
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Refuse(path_, "mkdir");
  }
  if (SomebodyListens(address)) {
    return absl::AlreadyExistsError(
        absl::StrCat("configuration socket ", path_,
                     ": another daemon serves this interface already"));
  }
  listener_.Reset(
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener_.ok()) return Refuse(path_, "socket");
  WARREN_RETURN_IF_ERROR(Bind());
  // Without a watch we only miss the removal of the socket.
  watch_.Reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (watch_.ok()) {
    inotify_add_watch(watch_.get(), directory.c_str(),
                      IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
  }
  return loop_.Watch(listener_.get(), EPOLLIN, [this](uint32_t) { Accept(); });
}

// Listens under another name first: wg(8) removes a socket that refuses it, so
// none must be seen before it listens.
absl::Status UapiServer::Bind() {
  const std::string unready = absl::StrCat(path_, ".new");
  WARREN_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(unready));
  unlink(unready.c_str());
  const mode_t before = umask(0177);
  const int bound =
      bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof address);
  umask(before);
  if (bound != 0) return Refuse(path_, "bind");
  if (listen(listener_.get(), static_cast<int>(kMaxClients)) != 0 ||
      rename(unready.c_str(), path_.c_str()) != 0) {
    const absl::Status status = Refuse(path_, "listen");
    unlink(unready.c_str());
    return status;
  }
  inode_ = InodeOf(path_);
  return absl::OkStatus();
}

UapiServer::~UapiServer() {
  while (!clients_.empty()) Close(clients_.begin()->first);
  if (listener_.ok()) loop_.Unwatch(listener_.get());
  if (inode_ != 0 && !WasRemoved()) unlink(path_.c_str());
}

bool UapiServer::WasRemoved() const { return InodeOf(path_) != inode_; }

void UapiServer::DrainWatch() {
  char events[4096];
  while (read(watch_.get(), events, sizeof events) > 0) {
  }
}

void UapiServer::Accept() {
  const int fd =
      accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  auto client = std::make_unique<Client>();
  client->fd.Reset(fd);
  if (clients_.size() >= kMaxClients) return;
  const auto status = loop_.Watch(
      fd, EPOLLIN, [this, fd](uint32_t events) { OnClient(fd, events); });
  if (status.ok()) clients_[fd] = std::move(client);
}

void UapiServer::OnClient(int fd, uint32_t events) {
  Client& client = *clients_.at(fd);
  if ((events & (EPOLLIN | EPOLLHUP)) && !client.ended && !Read(client)) {
    return Close(fd);
  }
  // One at a time: who does not read its answers gets no more of them.
  bool alive = !(events & EPOLLERR) && Write(client);
  while (alive && client.out.empty() && AnswerOne(client)) {
    alive = Write(client);
  }
  if (!alive) return Close(fd);
  const bool idle = client.out.empty();
  if (client.ended && idle) return Close(fd);
  (void)loop_.SetEvents(fd, idle ? EPOLLIN : EPOLLOUT);
}

bool UapiServer::Read(Client& client) {
  char buffer[kReadSize];
  const ssize_t n = read(client.fd.get(), buffer, sizeof buffer);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) client.ended = true;
  const size_t size = static_cast<size_t>(n);
  AppendWiping({buffer, size}, client.in);
  crypto::Wipe({reinterpret_cast<uint8_t*>(buffer), size});
  return client.in.size() <= kMaxRequest;
}

bool UapiServer::AnswerOne(Client& client) {
  const size_t end = client.in.find("\n\n", client.scanned);
  if (end == std::string::npos) {
    // The end may be half here.
    client.scanned = client.in.empty() ? 0 : client.in.size() - 1;
    return false;
  }
  std::string answer = handler_(absl::string_view(client.in).substr(0, end));
  AppendWiping(answer, client.out);
  Wipe(answer);
  std::string rest = client.in.substr(end + 2);
  Wipe(client.in);
  client.in = std::move(rest);
  client.scanned = 0;
  return true;
}

bool UapiServer::Write(Client& client) {
  while (client.sent < client.out.size()) {
    const ssize_t n =
        send(client.fd.get(), client.out.data() + client.sent,
             client.out.size() - client.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    client.sent += static_cast<size_t>(n);
  }
  Wipe(client.out);
  client.sent = 0;
  return true;
}

void UapiServer::Close(int fd) {
  loop_.Unwatch(fd);
  clients_.erase(fd);
}

}  // namespace warren::client
