#include "client/io/tun_split.h"

#include <algorithm>
#include <cstring>

#include "core/net/checksum.h"

namespace warren::client {
namespace {

constexpr size_t kIpv4HeaderSize = 20;
constexpr size_t kIpv6HeaderSize = 40;
constexpr size_t kTcpHeaderSize = 20;
constexpr size_t kUdpHeaderSize = 8;
constexpr size_t kTcpChecksum = 16;  // offset in the TCP header
constexpr size_t kUdpChecksum = 6;   // offset in the UDP header
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kFin = 0x01, kPsh = 0x08, kCwr = 0x80;
constexpr size_t kTag = 16;

bool IsV4(const uint8_t* ip) { return ip[0] >> 4 == 4; }

// What WireGuard pads a packet to: a multiple of 16, but not beyond the MTU.
size_t PaddedSize(size_t size, uint16_t mtu) {
  const size_t padded = (size + 15) & ~size_t{15};
  return size <= mtu ? std::min<size_t>(padded, mtu) : padded;
}

// The checksum of everything in `sum`. UDP has no 0 (RFC 768): that would say
// "not computed".
uint16_t FinalChecksum(uint64_t sum, bool is_udp) {
  const uint16_t folded = net::FoldChecksum(sum);
  return is_udp && folded == 0xffff ? folded : static_cast<uint16_t>(~folded);
}

}  // namespace

bool TunSplitter::Start(const VnetHeader& header, MutableBytes packet) {
  packet_ = packet.data();
  size_ = packet.size();
  offset_ = size_;  // done() until all is checked.
  if (size_ < kIpv4HeaderSize) return false;
  const bool v4 = IsV4(packet_);
  if (!v4 && (packet_[0] >> 4 != 6 || size_ < kIpv6HeaderSize)) return false;
  const uint8_t type =
      static_cast<uint8_t>(header.gso_type & ~VnetHeader::kGsoEcn);
  const bool ok =
      type == VnetHeader::kGsoNone ? StartWhole(header) : StartSegments(header);
  if (!ok) return false;
  offset_ = header_size_;
  return true;
}

bool TunSplitter::StartWhole(const VnetHeader& header) {
  header_size_ = 0;
  checksum_offset_ = 0;
  if (!(header.flags & VnetHeader::kNeedsChecksum)) return true;
  l4_offset_ = header.checksum_start;
  checksum_offset_ = header.checksum_offset;
  is_tcp_ = checksum_offset_ == kTcpChecksum;
  return l4_offset_ >= kIpv4HeaderSize && l4_offset_ % 2 == 0 &&
         checksum_offset_ != 0 && l4_offset_ + checksum_offset_ + 2 <= size_;
}

bool TunSplitter::StartSegments(const VnetHeader& header) {
  const uint8_t type =
      static_cast<uint8_t>(header.gso_type & ~VnetHeader::kGsoEcn);
  const bool v4 = IsV4(packet_);
  is_tcp_ = type != VnetHeader::kGsoUdp;
  if (is_tcp_ && type != (v4 ? VnetHeader::kGsoTcp4 : VnetHeader::kGsoTcp6)) {
    return false;
  }
  l4_offset_ = header.checksum_start;
  segment_size_ = header.segment_size;
  if (!(header.flags & VnetHeader::kNeedsChecksum) || segment_size_ == 0) {
    return false;
  }
  const size_t ip_size =
      v4 ? static_cast<size_t>(packet_[0] & 15) * 4 : kIpv6HeaderSize;
  // IPv6 may have extension headers before the segment; IPv4 has not.
  if (v4 ? l4_offset_ != ip_size : l4_offset_ < ip_size) return false;
  if (v4 && packet_[9] != (is_tcp_ ? kTcp : kUdp)) return false;
  const size_t l4_min = is_tcp_ ? kTcpHeaderSize : kUdpHeaderSize;
  if (l4_offset_ % 2 != 0 || l4_offset_ + l4_min > size_) return false;
  const size_t l4_size =
      is_tcp_ ? static_cast<size_t>(packet_[l4_offset_ + 12] >> 4) * 4
              : kUdpHeaderSize;
  checksum_offset_ = is_tcp_ ? kTcpChecksum : kUdpChecksum;
  header_size_ = l4_offset_ + l4_size;
  return l4_size >= l4_min && header_size_ < size_;
}

void TunSplitter::Cut(uint16_t mtu, PacketArena& arena, net::PacketBatch& out) {
  while (!done() && !out.full()) {
    const size_t payload =
        header_size_ == 0 ? size_ : std::min(segment_size_, size_ - offset_);
    const size_t size = header_size_ + payload;
    const size_t padded = PaddedSize(size, mtu);
    const size_t slot = net::kSealHeadroom + padded + kTag;
    if (arena.room() < slot) return;
    net::Packet packet;
    packet.data = arena.Take(slot) + net::kSealHeadroom;
    packet.size = static_cast<uint32_t>(size);
    packet.headroom = net::kSealHeadroom;
    packet.tailroom = static_cast<uint16_t>(padded - size + kTag);
    if (header_size_ == 0) {
      CopyWhole(packet.data);
    } else {
      CopySegment(packet.data, payload);
    }
    offset_ += payload;
    out.Add(packet);
  }
}

void TunSplitter::CopyWhole(uint8_t* to) const {
  if (checksum_offset_ == 0) {
    std::memcpy(to, packet_, size_);
    return;
  }
  // The field holds the sum of the pseudo-header already.
  std::memcpy(to, packet_, l4_offset_);
  const uint64_t sum = net::CopyAndAddToChecksum(
      to + l4_offset_, {packet_ + l4_offset_, size_ - l4_offset_});
  net::StoreChecksum(to + l4_offset_ + checksum_offset_,
                     FinalChecksum(sum, checksum_offset_ == kUdpChecksum));
}

void TunSplitter::CopySegment(uint8_t* to, size_t payload_size) const {
  std::memcpy(to, packet_, header_size_);
  const size_t done_before = offset_ - header_size_;
  const size_t size = header_size_ + payload_size;
  const size_t l4_size = size - l4_offset_;
  uint8_t* l4 = to + l4_offset_;
  if (IsV4(to)) {
    StoreBe16(to + 2, static_cast<uint16_t>(size));
    const size_t number = done_before / segment_size_;
    StoreBe16(to + 4, static_cast<uint16_t>(LoadBe16(to + 4) + number));
    net::SetIpv4Checksum(to, l4_offset_);
  } else {
    StoreBe16(to + 4, static_cast<uint16_t>(size - kIpv6HeaderSize));
  }
  if (is_tcp_) {
    StoreBe32(l4 + 4, LoadBe32(l4 + 4) + static_cast<uint32_t>(done_before));
    uint8_t not_here = 0;
    if (offset_ + payload_size < size_) not_here |= kFin | kPsh;
    if (done_before > 0) not_here |= kCwr;
    l4[13] = static_cast<uint8_t>(l4[13] & ~not_here);
  } else {
    StoreBe16(l4 + 4, static_cast<uint16_t>(l4_size));
  }
  StoreBe16(l4 + checksum_offset_, 0);
  uint64_t sum = net::PseudoHeaderSum(to, is_tcp_ ? kTcp : kUdp,
                                      static_cast<uint32_t>(l4_size));
  sum = net::AddToChecksum({l4, header_size_ - l4_offset_}, sum);
  sum = net::CopyAndAddToChecksum(to + header_size_,
                                  {packet_ + offset_, payload_size}, sum);
  net::StoreChecksum(l4 + checksum_offset_, FinalChecksum(sum, !is_tcp_));
}

}  // namespace warren::client
