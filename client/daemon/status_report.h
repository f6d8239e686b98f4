#ifndef WARREN_CLIENT_DAEMON_STATUS_REPORT_H_
#define WARREN_CLIENT_DAEMON_STATUS_REPORT_H_

#include <optional>
#include <string>

#include "client/daemon/daemon.h"
#include "core/engine/event.h"
#include "core/netmap/netmap.h"
#include "warren/v1/local.pb.h"

namespace warren::client {

// What the local API says of a daemon. Pure; on the loop's thread.
v1::Status StatusOf(const Daemon& daemon);
// `netmap` may be null; it names the relays.
v1::NetcheckReport NetcheckOf(const engine::NetworkStatus& network,
                              const netmap::Netmap* netmap);
// `netmap` may be null; it names the relays.
v1::Path PathOf(const engine::Path& path, std::optional<absl::Duration> rtt,
                const netmap::Netmap* netmap);
// "" for one that is not in the netmap.
std::string RelayCode(RelayId relay, const netmap::Netmap* netmap);
v1::State StateOf(DaemonState state);

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_STATUS_REPORT_H_
