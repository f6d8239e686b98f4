#ifndef WARREN_IO_RESOLVE_H_
#define WARREN_IO_RESOLVE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/net/ip.h"
#include "io/cancel.h"

namespace warren::io {

// The addresses of `host` in the system's order of preference (RFC 6724), at
// least one. An address is its own. Blocks for up to `timeout`.
//   NOT_FOUND    there is no such name
//   UNAVAILABLE  no answer (in time)
//   CANCELLED    `cancel`
absl::StatusOr<std::vector<net::IpAddress>> Resolve(const std::string& host,
                                                    absl::Duration timeout,
                                                    const Cancel& cancel);

}  // namespace warren::io

#endif  // WARREN_IO_RESOLVE_H_
