#ifndef WARREN_IO_ACCEPTOR_H_
#define WARREN_IO_ACCEPTOR_H_

#include <functional>

#include "absl/status/status.h"
#include "io/event_loop.h"
#include "io/fd.h"

namespace warren::io {

// Takes connections from a listening descriptor on the loop's thread. When the
// process has no descriptors left, waiting connections are closed instead of
// spinning on them.
class Acceptor {
 public:
  // `accepted` gets each connection, nonblocking and close-on-exec.
  Acceptor(EventLoop& loop, Fd listener, std::function<void(Fd)> accepted);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // Call once, on the loop's thread or before it runs.
  absl::Status Start();

 private:
  void OnReady();
  // Closes one waiting connection with the descriptor kept for that.
  void Refuse();

  EventLoop& loop_;
  Fd listener_;
  Fd spare_;
  std::function<void(Fd)> accepted_;
};

}  // namespace warren::io

#endif  // WARREN_IO_ACCEPTOR_H_
