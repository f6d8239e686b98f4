#ifndef WARREN_CORE_ENGINE_TSMP_H_
#define WARREN_CORE_ENGINE_TSMP_H_

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/crypto/keys.h"
#include "core/engine/peer_note.h"
#include "core/net/ip.h"
#include "core/net/ip_packet.h"

// TSMP: small notes between two engines, inside the tunnel, as IP protocol 99.
// The first payload byte is the type; at least 7 bytes, never fragmented. Only
// what this engine speaks is here. Source: specs 10.1.
//
//   70 'p'  ping                  8 bytes, echoed
//   6f 'o'  pong                  the 8 bytes, then a TCP port, 0 = none
//   61 'a'  disco key advert      32 bytes: probe me with this key from now on
//   77 'w'  note                  of native peers only: peer_note.h
namespace warren::engine {

struct TsmpPing {
  std::array<uint8_t, 8> payload;
};
struct TsmpDiscoAdvert {
  crypto::DiscoKey key;  // never zero
};
using TsmpMessage = std::variant<TsmpPing, TsmpDiscoAdvert, PeerNote>;

// nullopt: malformed, or a type that is nothing to us.
std::optional<TsmpMessage> ParseTsmp(const net::IpPacket& packet);

// Whole IP packets. Both addresses must be of one family.
std::vector<uint8_t> BuildTsmpAdvert(const net::IpAddress& from,
                                     const net::IpAddress& to,
                                     const crypto::DiscoKey& key);
std::vector<uint8_t> BuildTsmpNote(const net::IpAddress& from,
                                   const net::IpAddress& to,
                                   const PeerNote& note);
// The answer to `ping`, a packet that ParseTsmp took for one: addresses
// swapped, id inverted. `bytes` is the packet itself.
std::vector<uint8_t> BuildTsmpPong(Bytes bytes, const net::IpPacket& packet,
                                   const TsmpPing& ping);

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_TSMP_H_
