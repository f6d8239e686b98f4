#include "io/grpc_alive.h"

#include <grpc/grpc.h>

namespace warren::io {

void KeepGrpcAlive() {
  [[maybe_unused]] static const bool alive = [] {
    grpc_init();
    return true;
  }();
}

}  // namespace warren::io
