#ifndef WARREN_IO_UNIX_FRONTEND_H_
#define WARREN_IO_UNIX_FRONTEND_H_

#include <grpcpp/server.h>
#include <grpcpp/server_context.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "io/acceptor.h"
#include "io/event_loop.h"
#include "io/fd.h"

namespace warren::io {

// The process at the other end of a Unix socket, as the kernel says
// (SO_PEERCRED): when it connected.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Which process speaks through which Unix connection of a gRPC server.
// Thread-safe. For audit logs: what a caller may do is decided by which of the
// two servers of a UnixFrontend it talks to.
class UnixPeers {
 public:
  // nullopt if the call came another way.
  std::optional<PeerCredentials> Caller(
      const grpc::ServerContextBase& context) const ABSL_LOCKS_EXCLUDED(mutex_);
  void Remember(int fd, const PeerCredentials& peer)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  // By descriptor: as many as there ever were connections at once.
  std::map<int, PeerCredentials> peers_ ABSL_GUARDED_BY(mutex_);
};

struct UnixFrontendOptions {
  std::string path;
  mode_t mode = 0600;         // of the socket: who may connect
  mode_t folder_mode = 0700;  // of its folder, when that has to be made
  // Null: root and the user this process runs as.
  std::function<bool(const PeerCredentials&)> may_write;
  // Readers are refused while descriptors up to this number are all in use,
  // so that a local user cannot take them all.
  int max_reader_fd = 512;
};

// Whether `peer` is root or the user this process runs as.
bool IsRootOrSelf(const PeerCredentials& peer);

// A Unix socket that hands each connection to one of two gRPC servers, by who
// connects: one with the services that change things, one that only reads.
class UnixFrontend {
 public:
  // Makes the folder and the socket and starts the thread that accepts. A
  // socket left by a dead process is replaced; that of a living one is not.
  // Everything given must outlive this object; `reader` may be null: others
  // are then refused.
  //   UNAVAILABLE          another process answers there
  //   FAILED_PRECONDITION  something that is not a socket is in the way, or
  //                        others could replace what is in the folder
  //   PERMISSION_DENIED, INVALID_ARGUMENT  no right; a path too long
  // The message names the path.
  static absl::StatusOr<std::unique_ptr<UnixFrontend>> Start(
      UnixFrontendOptions options, grpc::Server& writer, grpc::Server* reader,
      UnixPeers& peers);
  // Stops accepting and removes the socket. Connections live on with their
  // servers.
  ~UnixFrontend();

 private:
  UnixFrontend(UnixFrontendOptions options, grpc::Server& writer,
               grpc::Server* reader, UnixPeers& peers);
  absl::Status Listen();
  void OnConnection(Fd fd);

  const UnixFrontendOptions options_;
  grpc::Server& writer_;
  grpc::Server* const reader_;
  UnixPeers& peers_;
  ino_t inode_ = 0;  // of our socket
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Acceptor> acceptor_;
  std::thread thread_;
};

}  // namespace warren::io

#endif  // WARREN_IO_UNIX_FRONTEND_H_
