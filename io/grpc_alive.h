#ifndef WARREN_IO_GRPC_ALIVE_H_
#define WARREN_IO_GRPC_ALIVE_H_

namespace warren::io {

// Keeps gRPC's own threads until the process ends. Without it, gRPC stops them
// whenever its last object goes, and waits up to 10 s for a poll of theirs to
// time out (gRPC 1.51, its backup poller). Call it any number of times.
void KeepGrpcAlive();

}  // namespace warren::io

#endif  // WARREN_IO_GRPC_ALIVE_H_
