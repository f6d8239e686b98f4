#ifndef WARREN_CORE_DISCO_DISCO_H_
#define WARREN_CORE_DISCO_DISCO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/rng.h"
#include "core/crypto/box.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"

// Disco: the small sealed datagrams by which two nodes find a way to each
// other. They travel over the WireGuard sockets, over relays and over peer
// relays, byte for byte the same.
//
//   offset  size  field of a datagram
//   0       6     magic       54 53 f0 9f 92 ac
//   6       32    sender      disco public key, in the clear
//   38      24    nonce       random
//   62      n     box         16 tag + plaintext, sealed sender -> receiver
//
// The plaintext is: type u8, version u8 (0), body. Integers are big-endian; an
// address is 16 bytes, IPv4 v4-mapped, then the port. Trailing bytes and the
// version are ignored except where a message says otherwise; an endpoint that
// is a relay is 127.3.3.40:<region>. Source: specs/dataplane.md §5.
namespace warren::disco {

inline constexpr std::array<uint8_t, 6> kMagic = {0x54, 0x53, 0xf0,
                                                  0x9f, 0x92, 0xac};
// Magic, sender, nonce: what precedes the box.
inline constexpr size_t kHeaderSize = 62;
// Most endpoints read from one message; the rest are ignored. Ten are usual.
inline constexpr size_t kMaxEndpoints = 64;
// Most padding a ping is given, so that the datagram stays below 64 KiB.
inline constexpr size_t kMaxPingPadding = 65000;

using TxId = std::array<uint8_t, 12>;

TxId NewTxId(Rng& rng);

// The padding of a ping with a node key whose datagram has `size` bytes; 0 if
// it has so many without (124).
uint32_t PaddingFor(size_t size);

// 01: are you there? Answered by a Pong with the same txid.
struct Ping {
  TxId txid{};
  // Who asks. Always send it: with padding and without it, the padding would
  // be read as a key (§5.2).
  std::optional<crypto::NodeKey> node_key = std::nullopt;
  uint32_t padding = 0;  // zero bytes at the end, to probe the path's MTU
  friend bool operator==(const Ping&, const Ping&) = default;
};

// 02: the ping arrived, and it came from `seen`.
struct Pong {
  TxId txid{};
  net::Endpoint seen;
  friend bool operator==(const Pong&, const Pong&) = default;
};

// 03: here I may be reached; ping me there, now. Only by relay. A malformed
// one, or of another version, reads as an empty list (§12 trap 27).
struct CallMeMaybe {
  std::vector<net::Endpoint> endpoints;
  friend bool operator==(const CallMeMaybe&, const CallMeMaybe&) = default;
};

// What 04, 05 and 06 share.
struct RelayBinding {
  uint32_t vni = 0;                     // 24 bits are used
  uint32_t generation = 0;              // never 0 on the wire
  crypto::DiscoKey remote;              // the *other* client of the pair
  std::array<uint8_t, 32> challenge{};  // zero in a Bind
  friend bool operator==(const RelayBinding&, const RelayBinding&) = default;
};
// 04, client to peer relay: I want this endpoint.
struct BindRelayEndpoint : RelayBinding {};
// 05, peer relay to client: prove that you get what I send.
struct BindRelayEndpointChallenge : RelayBinding {};
// 06, client to peer relay: the challenge, repeated.
struct BindRelayEndpointAnswer : RelayBinding {};

// An endpoint on a peer relay, for one pair of clients.
struct RelayEndpoint {
  crypto::DiscoKey server;
  std::array<crypto::DiscoKey, 2> clients;  // lower bytes first (§1.5)
  uint64_t lamport_id = 0;                  // higher is newer
  uint32_t vni = 0;
  absl::Duration bind_lifetime;          // whole nanoseconds, not negative
  absl::Duration steady_state_lifetime;  // the same
  std::vector<net::Endpoint> addresses;  // at least 1
  friend bool operator==(const RelayEndpoint&, const RelayEndpoint&) = default;
};

// 07: call me by this peer relay. Only by relay. nullopt: another version.
struct CallMeMaybeVia {
  std::optional<RelayEndpoint> endpoint = std::nullopt;
  friend bool operator==(const CallMeMaybeVia&,
                         const CallMeMaybeVia&) = default;
};

// 08, to a peer relay, by relay: make an endpoint for this pair.
struct AllocateRelayEndpointRequest {
  std::array<crypto::DiscoKey, 2> clients;  // lower bytes first
  uint32_t generation = 0;
  friend bool operator==(const AllocateRelayEndpointRequest&,
                         const AllocateRelayEndpointRequest&) = default;
};

// 09: the endpoint made. nullopt: another version.
struct AllocateRelayEndpointResponse {
  uint32_t generation = 0;
  std::optional<RelayEndpoint> endpoint = std::nullopt;
  friend bool operator==(const AllocateRelayEndpointResponse&,
                         const AllocateRelayEndpointResponse&) = default;
};

using Message =
    std::variant<Ping, Pong, CallMeMaybe, BindRelayEndpoint,
                 BindRelayEndpointChallenge, BindRelayEndpointAnswer,
                 CallMeMaybeVia, AllocateRelayEndpointRequest,
                 AllocateRelayEndpointResponse>;

// The plaintext of `message`, version 0. Parse() gives the message back,
// unless it has more than kMaxEndpoints.
std::vector<uint8_t> Encode(const Message& message);

// Reads a plaintext. INVALID_ARGUMENT: too short for its type, or the type is
// unknown; ignore the datagram.
absl::StatusOr<Message> Parse(Bytes plaintext);

// Whether a datagram is disco rather than WireGuard: the magic, and a whole
// header. Relays use it to choose a queue, sockets to demultiplex.
bool LooksLikeDisco(Bytes datagram);

// Who claims to have sent it: choose the shared key by this. nullopt unless
// LooksLikeDisco(). Only Open() proves the claim.
std::optional<crypto::DiscoKey> SenderOf(Bytes datagram);

// A datagram that carries `message` from `sender`. `shared` is between the
// sender's private key and the receiver's public one.
std::vector<uint8_t> Seal(const Message& message,
                          const crypto::DiscoKey& sender,
                          const crypto::BoxSharedKey& shared, Rng& rng);

// The message in `datagram`. INVALID_ARGUMENT: not disco, not sealed with
// `shared` (most often: the sender restarted, and has a new key), or Parse()
// refused it.
absl::StatusOr<Message> Open(Bytes datagram,
                             const crypto::BoxSharedKey& shared);

}  // namespace warren::disco

#endif  // WARREN_CORE_DISCO_DISCO_H_
