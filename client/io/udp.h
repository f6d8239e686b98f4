#ifndef WARREN_CLIENT_IO_UDP_H_
#define WARREN_CLIENT_IO_UDP_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/io/udp_socket.h"
#include "core/net/packet_batch.h"

namespace warren::client {

struct UdpOptions {
  uint16_t port = 0;  // 0: one the kernel chooses
  // SO_MARK of what is sent, for policy routing; 0 is none.
  uint32_t mark = 0;
  bool ipv4 = true;
  bool ipv6 = true;
};

// The UDP sockets of one node: IPv4 and IPv6 on one port, whole trains of
// packets per system call where the kernel has UDP_SEGMENT and UDP_GRO.
class Udp {
 public:
  // A family that this host lacks is left out.
  //
  // ALREADY_EXISTS     names the port somebody else has.
  // PERMISSION_DENIED  a port under 1024, or a mark, without the right to it.
  // UNAVAILABLE        the host has neither family.
  static absl::StatusOr<std::unique_ptr<Udp>> Open(const UdpOptions& options);

  uint16_t port() const { return port_; }
  // Non-blocking descriptors to watch; -1 for a family this host lacks.
  int fd(net::Family family) const;

  enum class ReceiveResult : uint8_t {
    kMore,     // packets, perhaps more wait: call again
    kDrained,  // nothing waits; `out` may hold packets
  };
  // Replaces the contents of `out` by datagrams that came, with the endpoint
  // each came from. The bytes live until the next call for this family; there
  // is no room around them. Never blocks. Errors of the network are dropped.
  ReceiveResult Receive(net::Family family, net::PacketBatch& out);
  // How many messages the latest Receive() took from the kernel, and whether
  // one was a train of 8 KiB or more; what an Intermission wants to know.
  size_t last_messages() const { return last_messages_; }
  bool last_was_train() const { return last_was_train_; }

  // Sends each packet to its endpoint, in order. Runs of equal size and one
  // endpoint go as trains. A full socket buffer is waited for, 10 ms at most;
  // what then does not fit, or the network refuses (EPERM of a firewall, no
  // route), is lost and counted: UDP promises nothing. Packets without an
  // endpoint, or with a relay's, are not for us: skipped and counted.
  void Send(const net::PacketBatch& packets);

  // Whether a socket can send nothing any more; see UdpSocket.
  bool is_broken() const;
  // Opens both anew, on the port they had if it is still free; the descriptors
  // are others then, and those of before must not be watched. Errors as of
  // Open(); then there are no sockets, and it may be tried again.
  absl::Status Reopen();

  // Changes SO_MARK of both sockets. PERMISSION_DENIED without CAP_NET_ADMIN.
  absl::Status SetMark(uint32_t mark);

  // Of both families.
  UdpCounters counters() const;

 private:
  explicit Udp(const UdpOptions& options) : options_(options) {}
  // On `port`, or where the kernel chooses.
  absl::Status OpenOn(uint16_t port);
  absl::Status OpenBoth(uint16_t port);
  UdpSocket* socket(net::Family family) const {
    return family == net::Family::kV4 ? v4_.get() : v6_.get();
  }

  UdpOptions options_;
  std::unique_ptr<UdpSocket> v4_, v6_;
  uint16_t port_ = 0;
  size_t last_messages_ = 0;
  bool last_was_train_ = false;
  uint64_t unsendable_ = 0;  // packets without an endpoint of ours
  UdpCounters closed_;       // of sockets that were opened anew
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_UDP_H_
