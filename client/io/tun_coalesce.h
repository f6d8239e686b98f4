#ifndef WARREN_CLIENT_IO_TUN_COALESCE_H_
#define WARREN_CLIENT_IO_TUN_COALESCE_H_

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "client/io/vnet_header.h"
#include "core/net/packet_batch.h"

namespace warren::client {

// Joins IP packets of one flow into super-packets for the kernel (what GRO
// does for a network card): one write() instead of up to 128. Pure: edits the
// packets it is given, does no I/O.
//
// Joined are consecutive TCP segments with data and nothing else to say, and
// UDP datagrams of one size, whose checksums are right, so that splitting the
// result again gives the same packets (but for the IPv4 id of packets that
// must not be fragmented, which means nothing, RFC 6864 §4.1). All other
// packets go alone. Order is kept within a flow.
class TunCoalescer {
 public:
  // One write to the TUN: `parts` in order; parts[0] is the header, or the
  // packet itself when the TUN has no headers.
  struct Write {
    std::span<iovec> parts;
    size_t num_packets;
  };

  // Prepares the writes for all of `packets`, whose headers it edits. They,
  // and the returned writes, live until the next call or the end of `packets`.
  std::span<const Write> Coalesce(net::PacketBatch& packets,
                                  TunOffloads offloads);

 private:
  static constexpr size_t kMax = net::PacketBatch::kMaxPackets;
  static constexpr size_t kBuckets = 64;
  static constexpr uint8_t kNone = 0xff;

  // What matters of a packet.
  struct View {
    uint8_t* ip = nullptr;
    size_t size = 0;         // bytes of the IP packet
    size_t l4_offset = 0;    // 0: of no flow
    size_t header_size = 0;  // IP and L4
    bool is_v4 = false;
    bool is_tcp = false;
    bool joinable = false;  // may be joined with neighbours of its flow

    size_t payload_size() const { return size - header_size; }
  };
  // A write in the making.
  struct Group {
    View first;
    size_t size;                        // bytes: one header and all payloads
    uint8_t first_packet, last_packet;  // a chain through next_packet_
    uint8_t num_packets;
    uint8_t next_in_bucket;  // an older group
    bool closed;             // takes no more packets
  };

  static View Look(const net::Packet& packet, TunOffloads offloads);
  static bool LookAtTcp(View& view);
  static bool LookAtUdp(View& view);
  static size_t BucketOf(const View& view);
  static bool SameFlow(const View& a, const View& b);
  static bool SameIpHeader(const Group& group, const View& view);
  static bool Fits(const Group& group, const View& view);
  void Add(const View& view, uint8_t index);
  void Emit(Group& group, const net::PacketBatch& packets,
            TunOffloads offloads);

  std::array<Group, kMax> groups_;
  std::array<uint8_t, kMax> next_packet_;
  // Each the newest group of the flows that hash to it.
  std::array<uint8_t, kBuckets> buckets_;
  std::array<VnetHeader, kMax> headers_;
  std::array<iovec, 2 * kMax> parts_;
  std::array<Write, kMax> writes_;
  size_t num_groups_ = 0;
  size_t num_parts_ = 0;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_TUN_COALESCE_H_
