#ifndef WARREN_CORE_NET_IP_PACKET_H_
#define WARREN_CORE_NET_IP_PACKET_H_

#include <cstdint>

#include "core/base/bytes.h"
#include "core/net/ip.h"

namespace warren::net {

// TCP flag bits, as in byte 13 of its header (RFC 9293 §3.1).
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpAck = 0x10;

// What an IP packet says in its headers. `payload` points into the parsed
// bytes and dies with them.
struct IpPacket {
  IpAddress source;
  IpAddress destination;
  // IANA number. Of IPv6 extension headers only Fragment, directly after the
  // fixed header, is looked behind (specs 10.6); another is its own protocol.
  uint8_t protocol = 0;
  uint8_t tcp_flags = 0;     // TCP only
  uint8_t icmp_type = 0;     // ICMPv4 and ICMPv6 only
  uint16_t source_port = 0;  // TCP, UDP, SCTP only
  uint16_t destination_port = 0;
  // A fragment other than the first: it has no transport header, so ports,
  // flags and type are 0.
  bool later_fragment = false;
  bool more_fragments = false;
  Bytes payload;  // from the transport header to the end of the packet
};

// Why bytes are not an IP packet that can be judged.
enum class IpError : uint8_t {
  kNone = 0,
  kTooShort,             // less than the fixed header
  kBadVersion,           // neither 4 nor 6
  kBadHeaderLength,      // IPv4 header below 20 bytes or beyond the packet
  kBadTotalLength,       // says more bytes than there are, or less than headers
  kOverlappingFragment,  // could overwrite a transport header: offset 1 to 9
  kShortTransport,       // too few bytes for the transport header
  kMappedAddress,  // IPv6 that names an IPv4 address (RFC 4291 §2.5.5.2):
                   // never on the wire, and read as the other family
};
const char* TextOf(IpError error);

// Reads the headers of an inner packet. `out` has meaning on kNone only. Bytes
// behind the packet's own length are ignored. Checksums are not verified: the
// end host does. No input can make it read out of bounds.
IpError ParseIp(Bytes bytes, IpPacket& out);

}  // namespace warren::net

#endif  // WARREN_CORE_NET_IP_PACKET_H_
