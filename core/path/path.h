#ifndef WARREN_CORE_PATH_PATH_H_
#define WARREN_CORE_PATH_PATH_H_

#include <cstdint>

#include "core/net/ip.h"

namespace warren::path {

// How bytes reach a peer right now.
enum class PathKind : uint8_t {
  kNone,    // no relay known and no direct path
  kRelay,   // `endpoint` is a relay endpoint
  kDirect,  // `endpoint` is a UDP endpoint that a pong of the peer proved
};
struct Path {
  PathKind kind = PathKind::kNone;
  net::Endpoint endpoint;

  friend bool operator==(const Path&, const Path&) = default;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PATH_H_
