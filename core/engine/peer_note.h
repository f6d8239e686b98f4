#ifndef WARREN_CORE_ENGINE_PEER_NOTE_H_
#define WARREN_CORE_ENGINE_PEER_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/ip.h"
#include "core/path/punch_note.h"

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
//   kind 2, PunchNote   generation u32, answer u8, mapped 18, ports.first u16,
//                       ports.step u16, ports.count u16, num_sockets u16
//   kind 3, WhyRequest  id u32
//   kind 4, WhyPiece    id u32, number u8, num_pieces u8, bytes
namespace warren::engine {

inline constexpr uint8_t kNoteType = 'w';
inline constexpr size_t kNoteHeaderSize = 3;
// Most payload bytes of a note, so that its datagram fits any path.
inline constexpr size_t kMaxNoteSize = 1100;

using path::NatNote;    // 1
using path::PunchNote;  // 2

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
