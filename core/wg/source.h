#ifndef WARREN_CORE_WG_SOURCE_H_
#define WARREN_CORE_WG_SOURCE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"

namespace warren::wg {

// Where a handshake message came from, as cookies and limits see it. Behind a
// relay that is the node the relay names, not the relay.
class Source {
 public:
  Source(const net::Endpoint& endpoint, net::PeerIndex named)
      : endpoint_(endpoint),
        relayed_(endpoint.IsRelay() ? named : net::kNoPeer) {
    Append(endpoint.address().bytes());
    const uint8_t port[] = {static_cast<uint8_t>(endpoint.port()),
                            static_cast<uint8_t>(endpoint.port() >> 8)};
    Append(port);
    if (!endpoint.IsRelay()) return;
    uint8_t peer[4];
    StoreLe32(peer, relayed_);
    Append(peer);
  }

  // Address, port (little-endian), and the node behind a relay. A cookie is
  // bound to all of it, the port too (reliability row 76).
  Bytes bytes() const { return {bytes_.data(), size_}; }
  const net::IpAddress& address() const { return endpoint_.address(); }
  // kNoPeer unless it came by a relay that names a peer.
  net::PeerIndex relayed() const { return relayed_; }

 private:
  void Append(Bytes bytes) {
    for (const uint8_t byte : bytes) bytes_[size_++] = byte;
  }

  net::Endpoint endpoint_;
  net::PeerIndex relayed_;
  std::array<uint8_t, 16 + 2 + 4> bytes_{};
  size_t size_ = 0;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_SOURCE_H_
