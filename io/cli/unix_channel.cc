#include "io/cli/unix_channel.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>

#include "core/base/status_macros.h"
#include "io/grpc_alive.h"
#include "io/unix_socket.h"

namespace warren::cli {
namespace {

// Of one answer: a list of all nodes may be long.
constexpr int kMaxMessageSize = 64 * 1024 * 1024;

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectToUnix(
    const std::string& path) {
  io::KeepGrpcAlive();
  WARREN_ASSIGN_OR_RETURN(io::Fd fd, io::ConnectUnix(path));
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageSize);
  return grpc::CreateCustomInsecureChannelFromFd("localhost", fd.Release(),
                                                 arguments);
}

}  // namespace warren::cli
