#include "io/open_files.h"

#include <sys/resource.h>

namespace warren::io {
namespace {

constexpr size_t kUsualLimit = 1024;

}  // namespace

size_t RaiseOpenFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUsualLimit;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<size_t>(limit.rlim_cur);
}

}  // namespace warren::io
