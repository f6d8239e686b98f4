#ifndef WARREN_CLIENT_IO_TUN_H_
#define WARREN_CLIENT_IO_TUN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/io/packet_arena.h"
#include "client/io/tun_coalesce.h"
#include "client/io/tun_split.h"
#include "client/io/vnet_header.h"
#include "core/net/packet_batch.h"
#include "io/fd.h"

namespace warren::client {

struct TunOptions {
  std::string name;     // 1 to 15 bytes; no '/', no space
  uint16_t mtu = 1420;  // bytes
  // Exchange super-packets with the kernel where it can (TSO, USO). Without,
  // each packet costs a system call: about a quarter of the throughput.
  bool offloads = true;
};

// Packets since the interface was made.
struct TunCounters {
  uint64_t reads = 0;         // system calls that brought something
  uint64_t read_packets = 0;  // after splitting
  uint64_t writes = 0;        // system calls, after coalescing
  uint64_t written_packets = 0;
  uint64_t malformed = 0;     // super-packets of the kernel we cannot split
  uint64_t write_errors = 0;  // writes the kernel refused; packets lost
};

// A TUN interface of this process: IP packets in and out, no link header. The
// interface lives as long as this object.
class Tun {
 public:
  // Makes the interface, down, with its MTU and a queue of 1000 packets.
  // Offloads the kernel refuses are left out one after the other.
  //
  // INVALID_ARGUMENT     the name cannot be one of an interface.
  // FAILED_PRECONDITION  no /dev/net/tun: the kernel module is missing.
  // PERMISSION_DENIED    needs CAP_NET_ADMIN.
  // ALREADY_EXISTS       an interface of this name exists already.
  static absl::StatusOr<std::unique_ptr<Tun>> Create(const TunOptions& options);

  // Non-blocking; readable while packets wait.
  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }
  uint32_t ifindex() const { return ifindex_; }
  TunOffloads offloads() const { return offloads_; }
  // Somebody changed the interface's MTU: from now on packets are padded for
  // this one.
  void OnMtuChange(uint16_t mtu);
  uint16_t mtu() const { return mtu_; }

  enum class ReadResult : uint8_t {
    kMore,     // packets, perhaps more wait: call again
    kDrained,  // nothing waits; `out` may hold packets
    kGone,     // the interface was deleted
  };
  // Replaces the contents of `out` by what applications sent. Each packet has
  // room for sealing around it and lies behind its predecessor, so that a
  // train of full packets can be sent without copying. The bytes live until
  // the next call. Never blocks.
  ReadResult Read(net::PacketBatch& out);
  // What the latest Read() took from the kernel: super-packets and single
  // packets; what an Intermission wants to know.
  size_t last_singles() const { return last_singles_; }
  bool last_was_super() const { return last_was_super_; }

  // Hands IP packets to applications, in order within a flow; packets of one
  // TCP or UDP flow go together where that is exact. Edits the packets. What
  // the kernel does not take is lost and counted.
  void Write(net::PacketBatch& packets);

  const TunCounters& counters() const { return counters_; }

 private:
  Tun();
  absl::Status Attach(const TunOptions& options);
  void NegotiateOffloads();
  absl::Status Configure();
  void FitSuperPackets();
  // One packet or super-packet into splitter_.
  ReadResult ReadOne();

  io::Fd fd_;
  std::string name_;
  uint32_t ifindex_ = 0;
  uint16_t mtu_ = 0;
  TunOffloads offloads_;
  size_t last_singles_ = 0;
  bool last_was_super_ = false;
  PacketArena input_;  // what read() gave; the splitter cuts from it
  PacketArena arena_;  // what Read() gave out
  TunSplitter splitter_;
  TunCoalescer coalescer_;
  TunCounters counters_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_TUN_H_
