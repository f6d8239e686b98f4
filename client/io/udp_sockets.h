#ifndef WARREN_CLIENT_IO_UDP_SOCKETS_H_
#define WARREN_CLIENT_IO_UDP_SOCKETS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "client/io/udp_socket.h"
#include "core/net/packet_batch.h"
#include "io/event_loop.h"

namespace warren::client {

// The IPv4 sockets of a node beside its main one, each on a port the kernel
// chooses and named by an index (net::Endpoint::socket()): some hundreds for a
// moment while a NAT is being traversed, or one for long when that succeeded.
// All share one set of buffers. Not thread-safe: the loop's thread owns it.
class UdpSockets {
 public:
  // At once; more are not opened.
  static constexpr size_t kMaxSockets = 512;
  // Descriptors left to others, of those this process may have.
  static constexpr size_t kSpareDescriptors = 64;

  // Packets that came through one socket, the endpoint of each by way of it.
  // They live as long as the call, which may open, close and send here.
  using Received = std::function<void(net::PacketBatch& packets)>;

  UdpSockets(io::EventLoop& loop, Received received);
  ~UdpSockets();
  UdpSockets(const UdpSockets&) = delete;
  UdpSockets& operator=(const UdpSockets&) = delete;

  // Opens sockets `first` to `first + count - 1`; those that are open stay as
  // they are. Returns how many of them are not open, for want of descriptors
  // or IPv4.
  size_t Open(uint16_t first, uint16_t count);
  void Close(uint16_t first, uint16_t count);
  void CloseAll();

  // As Udp::Send(). What goes by a socket that is not open, or to an IPv6
  // address, is lost and counted.
  void Send(std::span<const net::Packet> packets);

  size_t num_open() const { return sockets_.size(); }
  // The local port of socket `index`; 0: it is not open.
  uint16_t Port(uint16_t index) const;
  // Of all there have been.
  UdpCounters counters() const;
  // See Udp.
  size_t last_messages() const { return last_messages_; }
  bool last_was_train() const { return last_was_train_; }

 private:
  using Socket = std::shared_ptr<UdpSocket>;
  bool OpenOne(uint16_t index);
  std::map<uint16_t, Socket>::iterator CloseOne(
      std::map<uint16_t, Socket>::iterator it);
  void OnReadable(uint16_t index);
  void Receive(uint16_t index, UdpSocket& socket);

  io::EventLoop& loop_;
  const Received received_;
  const std::shared_ptr<UdpBuffers> buffers_ = std::make_shared<UdpBuffers>();
  std::map<uint16_t, Socket> sockets_;
  net::PacketBatch batch_;
  UdpCounters closed_;  // of sockets that are no more, and of lost packets
  size_t last_messages_ = 0;
  bool last_was_train_ = false;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_UDP_SOCKETS_H_
