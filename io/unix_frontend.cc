#include "io/unix_frontend.h"

#include <grpcpp/server_posix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "io/grpc_alive.h"
#include "io/unix_socket.h"

namespace warren::io {
namespace {

std::optional<PeerCredentials> CredentialsOf(const Fd& fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return std::nullopt;
  }
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

ino_t InodeOf(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

std::optional<PeerCredentials> UnixPeers::Caller(
    const grpc::ServerContextBase& context) const {
  const std::string peer = context.peer();  // "fd:17"
  absl::string_view text = peer;
  int fd = -1;
  if (!absl::ConsumePrefix(&text, "fd:") || !absl::SimpleAtoi(text, &fd)) {
    return std::nullopt;
  }
  absl::MutexLock lock(&mutex_);
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return std::nullopt;
  return found->second;
}

void UnixPeers::Remember(int fd, const PeerCredentials& peer) {
  absl::MutexLock lock(&mutex_);
  peers_[fd] = peer;
}

bool IsRootOrSelf(const PeerCredentials& peer) {
  return peer.uid == 0 || peer.uid == geteuid();
}

UnixFrontend::UnixFrontend(UnixFrontendOptions options, grpc::Server& writer,
                           grpc::Server* reader, UnixPeers& peers)
    : options_(std::move(options)),
      writer_(writer),
      reader_(reader),
      peers_(peers) {}

absl::StatusOr<std::unique_ptr<UnixFrontend>> UnixFrontend::Start(
    UnixFrontendOptions options, grpc::Server& writer, grpc::Server* reader,
    UnixPeers& peers) {
  if (!options.may_write) options.may_write = IsRootOrSelf;
  std::unique_ptr<UnixFrontend> frontend(
      new UnixFrontend(std::move(options), writer, reader, peers));
  WARREN_RETURN_IF_ERROR(frontend->Listen());
  return frontend;
}

absl::Status UnixFrontend::Listen() {
  KeepGrpcAlive();
  WARREN_ASSIGN_OR_RETURN(loop_, EventLoop::Create());
  WARREN_ASSIGN_OR_RETURN(Fd listener, ListenUnix(options_.path, options_.mode,
                                                  options_.folder_mode));
  inode_ = InodeOf(options_.path);
  acceptor_ = std::make_unique<Acceptor>(
      *loop_, std::move(listener),
      [this](Fd fd) { OnConnection(std::move(fd)); });
  WARREN_RETURN_IF_ERROR(acceptor_->Start());
  thread_ = std::thread([this] { loop_->Run(); });
  return absl::OkStatus();
}

UnixFrontend::~UnixFrontend() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
  // Another process may have put its own there since.
  if (inode_ != 0 && InodeOf(options_.path) == inode_) {
    unlink(options_.path.c_str());
  }
}

void UnixFrontend::OnConnection(Fd fd) {
  const auto peer = CredentialsOf(fd);
  if (!peer) return;
  const bool may_write = options_.may_write(*peer);
  grpc::Server* const server = may_write ? &writer_ : reader_;
  if (server == nullptr) return;
  if (!may_write && fd.get() > options_.max_reader_fd) return;
  peers_.Remember(fd.get(), *peer);
  grpc::AddInsecureChannelFromFd(server, fd.Release());
}

}  // namespace warren::io
