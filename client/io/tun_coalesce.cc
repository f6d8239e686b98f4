#include "client/io/tun_coalesce.h"

#include <cstring>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/net/checksum.h"

namespace warren::client {
namespace {

constexpr size_t kIpv4HeaderSize = 20;
constexpr size_t kIpv6HeaderSize = 40;
constexpr size_t kMaxIpSize = 65535;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kPsh = 0x08, kAck = 0x10;
constexpr uint16_t kDontFragment = 0x4000;
// Older kernels refuse longer trains.
constexpr size_t kMaxUdpSegments = 64;

uint32_t Sequence(const uint8_t* tcp) { return LoadBe32(tcp + 4); }

}  // namespace

bool TunCoalescer::LookAtTcp(View& view) {
  if (view.size < view.l4_offset + 20) return false;
  const uint8_t* l4 = view.ip + view.l4_offset;
  const size_t l4_size = static_cast<size_t>(l4[12] >> 4) * 4;
  view.is_tcp = true;
  view.header_size = view.l4_offset + l4_size;
  // Data, acknowledging and perhaps pushing, and nothing else.
  return l4_size >= 20 && view.header_size < view.size &&
         (l4[13] & ~kPsh) == kAck;
}

bool TunCoalescer::LookAtUdp(View& view) {
  if (view.size <= view.l4_offset + 8) return false;
  const uint8_t* l4 = view.ip + view.l4_offset;
  view.header_size = view.l4_offset + 8;
  // Checksum 0 means none (RFC 768): nothing to verify.
  return LoadBe16(l4 + 4) == view.size - view.l4_offset && LoadBe16(l4 + 6);
}

TunCoalescer::View TunCoalescer::Look(const net::Packet& packet,
                                      TunOffloads offloads) {
  View view;
  view.ip = packet.data;
  view.size = packet.size;
  if (view.size < kIpv4HeaderSize) return view;
  view.is_v4 = view.ip[0] >> 4 == 4;
  uint8_t protocol;
  if (view.is_v4) {
    // No options; not a fragment.
    if (view.ip[0] != 0x45 || LoadBe16(view.ip + 2) != view.size ||
        (LoadBe16(view.ip + 6) & ~kDontFragment) != 0) {
      return view;
    }
    protocol = view.ip[9];
  } else {
    if (view.size < kIpv6HeaderSize || view.ip[0] >> 4 != 6 ||
        LoadBe16(view.ip + 4) + kIpv6HeaderSize != view.size) {
      return view;
    }
    protocol = view.ip[6];
  }
  if (protocol != kTcp && protocol != kUdp) return view;
  view.l4_offset = view.is_v4 ? kIpv4HeaderSize : kIpv6HeaderSize;
  const bool tcp = protocol == kTcp;
  if (!(tcp ? LookAtTcp(view) : LookAtUdp(view))) {
    // Of its flow still, for the order, when it is big enough to have ports.
    if (view.size < view.l4_offset + 4) view.l4_offset = 0;
    return view;
  }
  if (!(tcp ? offloads.tcp : offloads.udp)) return view;
  const size_t l4_size = view.size - view.l4_offset;
  const uint64_t sum = net::AddToChecksum(
      {view.ip + view.l4_offset, l4_size},
      net::PseudoHeaderSum(view.ip, protocol, static_cast<uint32_t>(l4_size)));
  view.joinable = net::FoldChecksum(sum) == 0xffff;
  return view;
}

size_t TunCoalescer::BucketOf(const View& view) {
  // Ports and the low bits of both addresses.
  const size_t source = view.is_v4 ? 12 : 20;
  const size_t destination = view.is_v4 ? 16 : 36;
  const uint32_t mix = LoadBe32(view.ip + view.l4_offset) * 0x9e3779b1u ^
                       LoadBe32(view.ip + source) * 0x85ebca6bu ^
                       LoadBe32(view.ip + destination) * 0xc2b2ae35u;
  return (mix >> 16) % kBuckets;
}

bool TunCoalescer::SameFlow(const View& a, const View& b) {
  if (a.is_v4 != b.is_v4) return false;
  const size_t protocol = a.is_v4 ? 9 : 6;
  const size_t addresses = a.is_v4 ? 12 : 8;
  const size_t length = a.is_v4 ? 8 : 32;
  return a.ip[protocol] == b.ip[protocol] &&
         std::memcmp(a.ip + addresses, b.ip + addresses, length) == 0 &&
         std::memcmp(a.ip + a.l4_offset, b.ip + b.l4_offset, 4) == 0;
}

bool TunCoalescer::SameIpHeader(const Group& group, const View& view) {
  const uint8_t* a = group.first.ip;
  const uint8_t* b = view.ip;
  if (!view.is_v4) return std::memcmp(a, b, 4) == 0 && a[7] == b[7];
  if (a[1] != b[1] || a[8] != b[8]) return false;
  const uint16_t fragment = LoadBe16(b + 6);
  if (LoadBe16(a + 6) != fragment) return false;
  // Splitting counts the id up.
  return (fragment & kDontFragment) ||
         static_cast<uint16_t>(LoadBe16(a + 4) + group.num_packets) ==
             LoadBe16(b + 4);
}

bool TunCoalescer::Fits(const Group& group, const View& view) {
  const View& first = group.first;
  if (group.closed || !view.joinable || view.header_size != first.header_size ||
      view.payload_size() > first.payload_size() ||
      group.size + view.payload_size() > kMaxIpSize ||
      !SameIpHeader(group, view)) {
    return false;
  }
  if (!view.is_tcp) return group.num_packets < kMaxUdpSegments;
  const uint8_t* a = first.ip + first.l4_offset;
  const uint8_t* b = view.ip + view.l4_offset;
  const uint32_t next =
      Sequence(a) + static_cast<uint32_t>(group.size - first.header_size);
  // Acknowledgement, offset and reserved bits, window, urgent pointer, options.
  return Sequence(b) == next && std::memcmp(a + 8, b + 8, 5) == 0 &&
         std::memcmp(a + 14, b + 14, 2) == 0 &&
         std::memcmp(a + 18, b + 18, view.header_size - view.l4_offset - 18) ==
             0;
}

void TunCoalescer::Add(const View& view, uint8_t index) {
  next_packet_[index] = kNone;
  const size_t bucket = view.l4_offset == 0 ? 0 : BucketOf(view);
  const bool pushes =
      view.joinable && view.is_tcp && (view.ip[view.l4_offset + 13] & kPsh);
  if (view.l4_offset != 0) {
    uint8_t g = buckets_[bucket];
    while (g != kNone && !SameFlow(groups_[g].first, view)) {
      g = groups_[g].next_in_bucket;
    }
    if (g != kNone && Fits(groups_[g], view)) {
      Group& group = groups_[g];
      next_packet_[group.last_packet] = index;
      group.last_packet = index;
      ++group.num_packets;
      group.size += view.payload_size();
      group.closed = pushes || view.payload_size() < group.first.payload_size();
      if (pushes) group.first.ip[view.l4_offset + 13] |= kPsh;
      return;
    }
  }
  Group& group = groups_[num_groups_];
  group = {view, view.size, index, index, 1, kNone, !view.joinable || pushes};
  if (view.l4_offset != 0) {
    group.next_in_bucket = buckets_[bucket];
    buckets_[bucket] = static_cast<uint8_t>(num_groups_);
  }
  ++num_groups_;
}

void TunCoalescer::Emit(Group& group, const net::PacketBatch& packets,
                        TunOffloads offloads) {
  const size_t number = static_cast<size_t>(&group - groups_.data());
  const View& first = group.first;
  const size_t begin = num_parts_;
  VnetHeader& header = headers_[number];
  header = VnetHeader();
  if (offloads.vnet_header) {
    parts_[num_parts_++] = {&header, sizeof header};
  }
  parts_[num_parts_++] = {first.ip, first.size};
  if (group.num_packets > 1) {
    const bool tcp = first.is_tcp;
    const size_t l4_size = group.size - first.l4_offset;
    uint8_t* l4 = first.ip + first.l4_offset;
    if (first.is_v4) {
      StoreBe16(first.ip + 2, static_cast<uint16_t>(group.size));
      net::SetIpv4Checksum(first.ip, kIpv4HeaderSize);
    } else {
      StoreBe16(first.ip + 4,
                static_cast<uint16_t>(group.size - kIpv6HeaderSize));
    }
    if (!tcp) StoreBe16(l4 + 4, static_cast<uint16_t>(l4_size));
    header.flags = VnetHeader::kNeedsChecksum;
    header.gso_type = !tcp          ? VnetHeader::kGsoUdp
                      : first.is_v4 ? VnetHeader::kGsoTcp4
                                    : VnetHeader::kGsoTcp6;
    header.header_size = static_cast<uint16_t>(first.header_size);
    header.segment_size = static_cast<uint16_t>(first.payload_size());
    header.checksum_start = static_cast<uint16_t>(first.l4_offset);
    header.checksum_offset = tcp ? 16 : 6;
    // The kernel adds the rest to the pseudo-header's sum.
    const uint64_t pseudo = net::PseudoHeaderSum(
        first.ip, tcp ? kTcp : kUdp, static_cast<uint32_t>(l4_size));
    net::StoreChecksum(l4 + header.checksum_offset, net::FoldChecksum(pseudo));
    for (uint8_t i = next_packet_[group.first_packet]; i != kNone;
         i = next_packet_[i]) {
      parts_[num_parts_++] = {packets[i].data + first.header_size,
                              packets[i].size - first.header_size};
    }
  }
  writes_[number] = {std::span(parts_).subspan(begin, num_parts_ - begin),
                     group.num_packets};
}

std::span<const TunCoalescer::Write> TunCoalescer::Coalesce(
    net::PacketBatch& packets, TunOffloads offloads) {
  num_groups_ = num_parts_ = 0;
  buckets_.fill(kNone);
  for (size_t i = 0; i < packets.size(); ++i) {
    Add(Look(packets[i], offloads), static_cast<uint8_t>(i));
  }
  for (size_t g = 0; g < num_groups_; ++g) {
    Emit(groups_[g], packets, offloads);
  }
  return std::span(writes_).first(num_groups_);
}

}  // namespace warren::client
