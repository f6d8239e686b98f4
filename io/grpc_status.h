#ifndef WARREN_IO_GRPC_STATUS_H_
#define WARREN_IO_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace warren::io {

// The two kinds of status have the same codes and carry the same message.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace warren::io

#endif  // WARREN_IO_GRPC_STATUS_H_
