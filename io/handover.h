#ifndef WARREN_IO_HANDOVER_H_
#define WARREN_IO_HANDOVER_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "core/net/ip.h"
#include "io/fd.h"
#include "io/wire.h"

namespace warren::io {

// A connection that changes hands, with what has been read of it: TLS, if any,
// is established and inside `wire`.
struct Handover {
  Fd socket;  // nonblocking
  Wire wire;  // may hold bytes to send
  std::vector<uint8_t> plain;
  net::Endpoint remote;
};

// Called on the thread of who gives the connection away: must not block.
using TakeOver = std::function<void(Handover)>;

}  // namespace warren::io

#endif  // WARREN_IO_HANDOVER_H_
