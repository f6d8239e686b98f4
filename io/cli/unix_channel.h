#ifndef WARREN_IO_CLI_UNIX_CHANNEL_H_
#define WARREN_IO_CLI_UNIX_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace warren::cli {

// A gRPC channel to the program that listens at `path`. Errors as of
// io::ConnectUnix.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectToUnix(
    const std::string& path);

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_UNIX_CHANNEL_H_
