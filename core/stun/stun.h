#ifndef WARREN_CORE_STUN_STUN_H_
#define WARREN_CORE_STUN_STUN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/rng.h"
#include "core/net/ip.h"

// STUN Binding (RFC 8489), as much as learning one's own public address needs.
//
//   offset  size  field
//   0       2     message type   0001 request, 0101 success response
//   2       2     length         bytes after the header, a multiple of 4
//   4       4     magic cookie   2112a442
//   8       12    transaction id
//   20            attributes     type u16, length u16, value padded to 4
//
// Our relays have a second UDP port, from which they answer whoever asks for it
// by CHANGE-REQUEST, so that a client can tell how its NAT maps and filters
// (RFC 5780 §4). Only requests of our extended form learn of it: what stock
// clients get is what derper says.
//
//   CHANGE-REQUEST  0003, 4 bytes of flags, 02 = answer from the other port
//   OTHER-ADDRESS   802c, as MAPPED-ADDRESS; only its port means something
//
// Sources: RFC 8489 §5, §14; RFC 5780 §7; specs/dataplane.md §4 for what derper
// and stock clients add or leave out.
namespace warren::stun {

// Matches a response to its request; random.
using TxId = std::array<uint8_t, 12>;

inline constexpr size_t kHeaderSize = 20;
// Header, SOFTWARE "tailnode" (12 B), FINGERPRINT (8 B).
inline constexpr size_t kRequestSize = 40;
// The same with CHANGE-REQUEST (8 B) before the FINGERPRINT.
inline constexpr size_t kExtendedRequestSize = 48;
// Header, one IPv6 XOR-MAPPED-ADDRESS and an IPv4 OTHER-ADDRESS: less than 1.2
// times the request that it answers, so nobody is flooded by spoofing one.
inline constexpr size_t kMaxResponseSize = 56;

TxId NewTxId(Rng& rng);

// The one Binding request that stock relays answer (§4.1).
std::array<uint8_t, kRequestSize> BuildRequest(const TxId& txid);

// One that also asks for the server's other port, to be named or, with
// `change_port`, to answer from. A stock relay answers it as any other request.
std::array<uint8_t, kExtendedRequestSize> BuildExtendedRequest(
    const TxId& txid, bool change_port);

// Whether a datagram on a socket shared with disco and WireGuard is STUN: at
// least a header, top two bits zero, the cookie, and second byte 01 (§5.7).
bool IsStun(Bytes datagram);

// Whom a server answers.
enum class Answer : uint8_t {
  // Requests with SOFTWARE "tailnode" and a right FINGERPRINT at the end, as
  // derper does: a stranger's spoofed request is not reflected.
  kTailnetClients,
  // Also any well-formed RFC 5389 or 8489 Binding request. A FINGERPRINT, if
  // there is one, must still be right.
  kAnyClient,
};

struct Request {
  TxId txid;
  bool extended = false;     // tell it the other port
  bool change_port = false;  // answer from the other port

  friend bool operator==(const Request&, const Request&) = default;
};

// What to answer, or nullopt: drop the datagram, say nothing. One branch per
// rule of §4.2, and no allocation. Nobody but a tailnet client is answered from
// another port, and none from another address: we have no other.
std::optional<Request> ParseRequest(Bytes datagram, Answer whom);

// A response on the wire: the first `size` bytes are to be sent.
struct ResponseBytes {
  std::array<uint8_t, kMaxResponseSize> bytes;
  size_t size;
  Bytes view() const { return Bytes(bytes).first(size); }
};

// Success, with XOR-MAPPED-ADDRESS: `seen` is where the request came from. To
// an extended request with an `other_port`, not 0, OTHER-ADDRESS follows; its
// address is 0.0.0.0, since a server behind a NAT does not know its own.
ResponseBytes BuildResponse(const Request& request, const net::Endpoint& seen,
                            uint16_t other_port);

struct Response {
  TxId txid;
  net::Endpoint seen;       // our address, as the server saw it; unmapped
  uint16_t other_port = 0;  // where the server listens, too; 0: not said
};

// Reads a success response from any server: XOR-MAPPED-ADDRESS (0020, or its
// draft number 8020) before MAPPED-ADDRESS; bytes beyond the length field are
// ignored; FINGERPRINT is not checked (§4.4). The caller matches `txid`. Of
// OTHER-ADDRESS only the port is taken: no server sends us to another address.
// INVALID_ARGUMENT: not a well-formed success response with an address.
absl::StatusOr<Response> ParseResponse(Bytes datagram);

}  // namespace warren::stun

#endif  // WARREN_CORE_STUN_STUN_H_
