#ifndef WARREN_CLIENT_IO_LINK_MONITOR_H_
#define WARREN_CLIENT_IO_LINK_MONITOR_H_

#include <utility>

#include "absl/status/statusor.h"
#include "io/fd.h"

namespace warren::client {

// Tells that interfaces, addresses or default routes changed; not what: ask
// Netlink.
class LinkMonitor {
 public:
  static absl::StatusOr<LinkMonitor> Open();

  // Non-blocking; readable after a change.
  int fd() const { return fd_.get(); }
  // Swallows what waits. True if something relevant changed (also when the
  // kernel dropped messages, because nobody knows then). Routes to somewhere
  // in particular are not: a router, or our own tunnel, has thousands.
  bool Drain();

 private:
  explicit LinkMonitor(io::Fd fd) : fd_(std::move(fd)) {}
  io::Fd fd_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_LINK_MONITOR_H_
