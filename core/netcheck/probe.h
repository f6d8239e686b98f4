#ifndef WARREN_CORE_NETCHECK_PROBE_H_
#define WARREN_CORE_NETCHECK_PROBE_H_

#include <cstdint>

#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/stun/stun.h"

namespace warren::netcheck {

// A STUN server to ask, at one address.
struct Server {
  RelayId relay;
  net::Endpoint endpoint;

  friend bool operator==(const Server&, const Server&) = default;
};

// What to ask of it.
enum class Ask : uint8_t {
  kAddress,     // how it sees us: the request of stock clients
  kOtherPort,   // and which other port it has, if any
  kChangePort,  // the same, answered from that port
};

// A Binding request to be sent through the socket that `to` names. The main
// one's is the mapping that peers use (specs trap 20).
struct Probe {
  net::Endpoint to;
  stun::TxId txid;
  Ask ask = Ask::kAddress;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_PROBE_H_
