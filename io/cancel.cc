#include "io/cancel.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <cstdint>

#include "core/base/check.h"

namespace warren::io {

Cancel::Cancel() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  WARREN_CHECK(fd_.ok());
}

void Cancel::Now() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(fd_.get(), &one, sizeof one);
}

bool Cancel::cancelled() const {
  pollfd ready{fd_.get(), POLLIN, 0};
  return poll(&ready, 1, 0) == 1;
}

}  // namespace warren::io
