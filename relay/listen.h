#ifndef WARREN_RELAY_LISTEN_H_
#define WARREN_RELAY_LISTEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/net/ip.h"
#include "io/fd.h"

// Sockets of a server, from addresses as people write them: "192.0.2.1:443",
// "[2001:db8::1]:443", or ":443" for every address of both families (IPv4
// alone where the machine has no IPv6). Port 0: any free one.
namespace warren::relay {

// INVALID_ARGUMENT: not an address. FAILED_PRECONDITION: it is in use, not
// ours, or needs privileges; the message says what to do.
absl::StatusOr<io::Fd> ListenTcp(const std::string& address);
absl::StatusOr<io::Fd> BindUdp(const std::string& address);

// Where a socket is bound, and whom it is connected to.
net::Endpoint LocalEndpoint(int fd);
net::Endpoint RemoteEndpoint(int fd);

}  // namespace warren::relay

#endif  // WARREN_RELAY_LISTEN_H_
