#ifndef WARREN_IO_UNIX_SOCKET_H_
#define WARREN_IO_UNIX_SOCKET_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "io/fd.h"

namespace warren::io {

// A nonblocking listening socket at `path`, with mode `mode`. Its folder is
// made with `folder_mode` when it does not exist (its parents must). Nobody
// can connect before the mode is right. Not thread-safe: the process's umask
// changes for a moment.
//
//   UNAVAILABLE          another process answers at `path`
//   FAILED_PRECONDITION  something that is not a socket is there, or another
//                        user could replace what is in the folder
//   PERMISSION_DENIED    no right to make it
//   INVALID_ARGUMENT     `path` is longer than a socket's name can be (107)
absl::StatusOr<Fd> ListenUnix(const std::string& path, mode_t mode,
                              mode_t folder_mode);

// A connected, blocking stream socket. UNAVAILABLE: nobody answers there;
// PERMISSION_DENIED; INVALID_ARGUMENT as above. The message names `path`.
absl::StatusOr<Fd> ConnectUnix(const std::string& path);

}  // namespace warren::io

#endif  // WARREN_IO_UNIX_SOCKET_H_
