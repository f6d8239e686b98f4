#ifndef WARREN_CLIENT_DAEMON_WHY_REPORT_H_
#define WARREN_CLIENT_DAEMON_WHY_REPORT_H_

#include "core/engine/event.h"
#include "core/netmap/netmap.h"
#include "warren/v1/local.pb.h"

namespace warren::client {

// What the local API says of a pair, with its diagnosis. `joined`: the clock of
// the remote end, if it answered. `netmap` names the relays; it may be null.
// Pure.
v1::WhyReport WhyReportOf(const engine::WhyEnds& ends,
                          const engine::Joined& joined,
                          const netmap::Netmap* netmap);

v1::NatBehavior NatOf(const net::NatBehavior& nat);
v1::NatClass NatClassOf(const net::NatBehavior& nat, engine::UdpState udp);

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_WHY_REPORT_H_
