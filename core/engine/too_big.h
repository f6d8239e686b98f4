#ifndef WARREN_CORE_ENGINE_TOO_BIG_H_
#define WARREN_CORE_ENGINE_TOO_BIG_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/ip_packet.h"

namespace warren::engine {

// The ICMP error that tells the app which sent `bytes`, read as `packet`, that
// at most `limit` bytes pass the direct path: IPv4 "fragmentation needed" (RFC
// 1191 §4), IPv6 "packet too big" (RFC 4443 §3.2), from the destination. Empty
// if none is due: the packet fits; it may be fragmented on its way; it is a
// later fragment or an ICMP error itself; or it is IPv6, which every path must
// carry up to 1280 bytes.
std::vector<uint8_t> BuildTooBig(Bytes bytes, const net::IpPacket& packet,
                                 size_t limit);

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_TOO_BIG_H_
