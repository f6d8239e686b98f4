#include "core/net/ip_packet.h"

#include <cstddef>

namespace warren::net {
namespace {

constexpr size_t kIpV4HeaderSize = 20;
constexpr size_t kIpV6HeaderSize = 40;
constexpr size_t kFragmentHeaderSize = 8;
constexpr uint8_t kFragmentHeader = 44;

// In units of 8 bytes. A fragment that begins within the first 80 bytes after
// the header could replace ports or flags that were judged (specs 10.6).
constexpr uint16_t kMinLaterOffset = 10;

IpError ReadTcp(Bytes payload, IpPacket& out) {
  if (payload.size() < 20) return IpError::kShortTransport;
  out.source_port = LoadBe16(payload.data());
  out.destination_port = LoadBe16(payload.data() + 2);
  out.tcp_flags = payload[13] & 0x3f;
  return IpError::kNone;
}

IpError ReadPorts(Bytes payload, size_t header_size, IpPacket& out) {
  if (payload.size() < header_size) return IpError::kShortTransport;
  out.source_port = LoadBe16(payload.data());
  out.destination_port = LoadBe16(payload.data() + 2);
  return IpError::kNone;
}

IpError ReadIcmp(Bytes payload, IpPacket& out) {
  if (payload.size() < 4) return IpError::kShortTransport;
  out.icmp_type = payload[0];
  return IpError::kNone;
}

// `offset` in units of 8 bytes.
IpError ReadTransport(uint16_t offset, IpPacket& out) {
  if (offset != 0) {
    out.later_fragment = true;
    return offset < kMinLaterOffset ? IpError::kOverlappingFragment
                                    : IpError::kNone;
  }
  switch (out.protocol) {
    case 6:
      return ReadTcp(out.payload, out);
    case 17:
      return ReadPorts(out.payload, 8, out);
    case 132:
      return ReadPorts(out.payload, 12, out);
    case 1:
    case 58:
      return ReadIcmp(out.payload, out);
    default:
      return IpError::kNone;
  }
}

IpError ParseV4(Bytes bytes, IpPacket& out) {
  const uint8_t* p = bytes.data();
  const size_t header = size_t{4} * (p[0] & 0x0f);
  if (header < kIpV4HeaderSize || header > bytes.size()) {
    return IpError::kBadHeaderLength;
  }
  const size_t total = LoadBe16(p + 2);
  if (total < header || total > bytes.size()) return IpError::kBadTotalLength;
  const uint16_t fragment = LoadBe16(p + 6);
  out.source = IpAddress::V4(bytes.subspan<12, 4>());
  out.destination = IpAddress::V4(bytes.subspan<16, 4>());
  out.protocol = p[9];
  out.more_fragments = (fragment & 0x2000) != 0;
  out.payload = bytes.subspan(header, total - header);
  return ReadTransport(fragment & 0x1fff, out);
}

IpError ParseV6(Bytes bytes, IpPacket& out) {
  if (bytes.size() < kIpV6HeaderSize) return IpError::kTooShort;
  const uint8_t* p = bytes.data();
  const size_t length = LoadBe16(p + 4);
  if (length > bytes.size() - kIpV6HeaderSize) return IpError::kBadTotalLength;
  out.source = IpAddress::V6(bytes.subspan<8, 16>());
  out.destination = IpAddress::V6(bytes.subspan<24, 16>());
  if (out.source.is_v4() || out.destination.is_v4()) {
    return IpError::kMappedAddress;
  }
  out.protocol = p[6];
  out.payload = bytes.subspan(kIpV6HeaderSize, length);
  if (out.protocol != kFragmentHeader) return ReadTransport(0, out);
  if (length < kFragmentHeaderSize) return IpError::kBadTotalLength;
  out.protocol = out.payload[0];
  const uint16_t fragment = LoadBe16(out.payload.data() + 2);
  out.more_fragments = (fragment & 1) != 0;
  out.payload = out.payload.subspan(kFragmentHeaderSize);
  return ReadTransport(fragment >> 3, out);
}

}  // namespace

const char* TextOf(IpError error) {
  switch (error) {
    case IpError::kNone:
      return "none";
    case IpError::kTooShort:
      return "too short";
    case IpError::kBadVersion:
      return "neither IPv4 nor IPv6";
    case IpError::kBadHeaderLength:
      return "bad header length";
    case IpError::kBadTotalLength:
      return "bad total length";
    case IpError::kOverlappingFragment:
      return "fragment that could overwrite a header";
    case IpError::kShortTransport:
      return "short transport header";
    case IpError::kMappedAddress:
      return "IPv6 packet with an IPv4-mapped address";
  }
  return "?";
}

IpError ParseIp(Bytes bytes, IpPacket& out) {
  out = IpPacket();
  if (bytes.size() < kIpV4HeaderSize) return IpError::kTooShort;
  switch (bytes[0] >> 4) {
    case 4:
      return ParseV4(bytes, out);
    case 6:
      return ParseV6(bytes, out);
    default:
      return IpError::kBadVersion;
  }
}

}  // namespace warren::net
