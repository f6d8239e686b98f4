#ifndef WARREN_CORE_ENGINE_PEER_NOTE_H_
#define WARREN_CORE_ENGINE_PEER_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"

// Notes that only native peers exchange: inside the tunnel, so authenticated,
// and by relay as well as directly. They are TSMP packets of a type that stock
// peers do not know and therefore drop (specs 10.1):
//
//   'w' u8, version u8 (1), kind u8, body (at least 7 bytes in all)
//
// Integers are big-endian; an endpoint is 16 bytes, IPv4 v4-mapped, and the
// port, all zero when not set; a bool is u8 0 or 1, one that may be unknown 0
// for that, 1 for no, 2 for yes. An unknown kind or version is ignored,
// trailing bytes are too; an unknown value of an enum is its kUnknown.
//
//   kind 1, NatNote     translates u8, mapping u8, filtering u8, ports u8,
//                       port_step u16, hairpins u8, udp_works u8, mapped 18
//   kind 2, PunchNote   generation u32, answer u8, mapped 18, first_port u16,
//                       port_step u16, port_count u16, num_sockets u16
//   kind 3, WhyRequest  id u32
//   kind 4, WhyPiece    id u32, number u8, num_pieces u8, bytes
namespace warren::engine {

inline constexpr uint8_t kNoteType = 'w';
inline constexpr size_t kNoteHeaderSize = 3;
// Most payload bytes of a note, so that its datagram fits any path.
inline constexpr size_t kMaxNoteSize = 1100;

// 1: what our NAT is like. Sent after each handshake, and when it changes.
struct NatNote {
  net::NatBehavior behavior;
  // How STUN saw our main socket, IPv4; not set: it did not.
  net::Endpoint mapped;
  bool udp_works = false;
  friend bool operator==(const NatNote&, const NatNote&) = default;
};

// 2: a hard punch begins, from our side. The receiver answers with its own
// part of it: probes, or sockets, or nothing (core/path/punch.h).
struct PunchNote {
  uint32_t generation = 0;  // of the sender; a new one is a new attempt
  bool answer = false;      // to the receiver's `generation`
  net::Endpoint mapped;     // our public address, and the port STUN saw last
  // Ports likely to be ours: first, first + step, ... `count` of them; 0: no
  // prediction.
  uint16_t first_port = 0;
  int16_t port_step = 0;
  uint16_t port_count = 0;
  uint16_t num_sockets = 0;  // mappings that we hold open for the peer
  friend bool operator==(const PunchNote&, const PunchNote&) = default;
};

// 3: tell me your recent probe events of me.
struct WhyRequest {
  uint32_t id = 0;
  friend bool operator==(const WhyRequest&, const WhyRequest&) = default;
};

inline constexpr size_t kWhyPieceHeaderSize = 6;
inline constexpr size_t kMaxWhyBytes =
    kMaxNoteSize - kNoteHeaderSize - kWhyPieceHeaderSize;
// 4: a piece of the answer, in order from 0; the whole is core/engine/why.h's.
struct WhyPiece {
  uint32_t id = 0;
  uint8_t number = 0;
  uint8_t num_pieces = 0;      // at least 1
  std::vector<uint8_t> bytes;  // at most kMaxWhyBytes
  friend bool operator==(const WhyPiece&, const WhyPiece&) = default;
};

using PeerNote = std::variant<NatNote, PunchNote, WhyRequest, WhyPiece>;

// The TSMP payload of a note, type byte included.
std::vector<uint8_t> EncodeNote(const PeerNote& note);
// nullopt: malformed, or nothing this version knows.
std::optional<PeerNote> ParseNote(Bytes payload);

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_PEER_NOTE_H_
