#ifndef WARREN_IO_TCP_H_
#define WARREN_IO_TCP_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/net/ip.h"
#include "io/fd.h"

namespace warren::io {

// Connections of both kinds keep to segments of at most 1,160 bytes, so that
// they also work across small links without path MTU discovery (RFC 2923).

// A nonblocking listening socket at `at` (port 0: any free one). An IPv6
// socket at [::] takes IPv4 too. UNAVAILABLE: the address is in use;
// PERMISSION_DENIED; INVALID_ARGUMENT: not an address of this machine. The
// message names it.
absl::StatusOr<Fd> ListenTcp(const net::Endpoint& at);

// A nonblocking socket that is connecting to `to`: writable once it is
// connected or has failed; ConnectResult() tells.
absl::StatusOr<Fd> StartConnectTcp(const net::Endpoint& to);
absl::Status ConnectResult(const Fd& socket, const net::Endpoint& to);

// No Nagle; a peer that is silently gone is noticed: in 90 s when nothing is
// sent (keepalives), in 30 s when something is.
void SetLongLived(const Fd& socket);

// The addresses of a socket's two ends; the unset endpoint if it has none.
net::Endpoint LocalEndpoint(const Fd& socket);
net::Endpoint RemoteEndpoint(const Fd& socket);

}  // namespace warren::io

#endif  // WARREN_IO_TCP_H_
