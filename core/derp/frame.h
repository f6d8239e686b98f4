#ifndef WARREN_CORE_DERP_FRAME_H_
#define WARREN_CORE_DERP_FRAME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/crypto/keys.h"

// DERP frames, as spoken between a node and its relay inside TLS.
//
//   offset  size  field
//   0       1     type          FrameType
//   1       4     payload_size  big-endian, bytes, excludes these 5
//   5       n     payload
//
// Frames are not aligned to TLS records. Unknown types are skipped. Known
// frames may carry bytes after what is described, which are ignored, except
// where `exact` is said. Source: specs/dataplane.md §2.1 to §2.3.
namespace warren::derp {

inline constexpr size_t kFrameHeaderSize = 5;
inline constexpr size_t kKeySize = crypto::kKeySize;
// Largest packet between two nodes.
inline constexpr size_t kMaxPacketSize = 65536;
// What stands before the packet in kSendPacket and kRecvPacket.
inline constexpr size_t kPacketHeaderSize = kFrameHeaderSize + kKeySize;
inline constexpr size_t kPingSize = 8;

enum class FrameType : uint8_t {
  kServerKey = 0x01,      // S>C magic 8, node key of the server 32
  kClientInfo = 0x02,     // C>S node key of the client 32, box(JSON)
  kServerInfo = 0x03,     // S>C box(JSON)
  kSendPacket = 0x04,     // C>S destination 32, packet
  kRecvPacket = 0x05,     // S>C source 32, packet
  kKeepAlive = 0x06,      // S>C empty
  kNotePreferred = 0x07,  // C>S exact: 1 byte, 0 when this is not the home
  kPeerGone = 0x08,       // S>C node key 32, reason u8 (0 when missing)
  kPeerPresent = 0x09,    // S>C node key 32, address 16, port, flags; to mesh
  kForwardPacket = 0x0a,  // C>S source 32, destination 32, packet; from mesh
  kWatchConns = 0x10,     // C>S exact: empty; from mesh
  kClosePeer = 0x11,      // C>S exact: node key 32; from mesh
  kPing = 0x12,           // both; the first 8 bytes are echoed
  kPong = 0x13,           // both; 8 bytes
  kHealth = 0x14,         // S>C UTF-8 text of a problem, empty when healthy
  kRestarting = 0x15,     // S>C reconnect in, u32 ms; try for, u32 ms
};

// Why a peer cannot be reached through this relay. Read others as the first.
enum class GoneReason : uint8_t {
  kDisconnected = 0x00,  // it was here, and left
  kNotHere = 0x01,       // no such client is connected
};

// One frame. `payload` points into the buffer it was read from. `type` may be
// none of the enumerators.
struct Frame {
  FrameType type;
  Bytes payload;
};

// Which end reads: it decides how large a frame of each type may be.
enum class Reader : uint8_t { kClient, kServer };

// Cuts a stream into frames. Bytes that arrive in whole frames are not copied;
// what is kept between calls is the part of one frame that has arrived.
class FrameReader {
 public:
  explicit FrameReader(Reader reader) : reader_(reader) {}

  // Removes one frame from the front of `stream`, the bytes received next.
  // Skips frames of types that this end does not know.
  //
  // Returns:
  //   a Frame             `payload` dies at the next call, or with `stream`;
  //   nullopt             `stream` is used up: receive more, call again;
  //   RESOURCE_EXHAUSTED  a payload_size beyond what this type may have: close
  //                       the connection, because the framing is lost;
  //   INVALID_ARGUMENT    payload_size below what this type needs, or not the
  //                       exact one: close too.
  absl::StatusOr<std::optional<Frame>> Next(Bytes& stream);

  // Bytes held, header included, of a frame not yet complete.
  size_t buffered() const { return partial_.size(); }

 private:
  // Whether this end knows the type; an error when `size` is not allowed.
  absl::StatusOr<bool> Knows(uint8_t type, uint32_t size) const;

  Reader reader_;
  bool give_back_ = false;  // partial_ holds the frame handed out last
  uint64_t skip_ = 0;       // bytes of an unknown frame still to come
  std::vector<uint8_t> partial_;
};

// Writes the 5-byte header to `out`.
void PutFrameHeader(uint8_t* out, FrameType type, uint32_t payload_size);

// Writes what precedes a packet of `packet_size` bytes, in its headroom:
// kSendPacket with its destination, or kRecvPacket with its source.
void PutPacketHeader(std::span<uint8_t, kPacketHeaderSize> out, FrameType type,
                     const crypto::NodeKey& key, uint32_t packet_size);

// Whole frames, for the rare ones.
std::vector<uint8_t> BuildFrame(FrameType type, Bytes payload);
std::vector<uint8_t> BuildPacket(FrameType type, const crypto::NodeKey& key,
                                 Bytes packet);
std::vector<uint8_t> BuildNotePreferred(bool preferred);
std::vector<uint8_t> BuildPeerGone(const crypto::NodeKey& peer,
                                   GoneReason reason);
std::vector<uint8_t> BuildRestarting(uint32_t reconnect_in_ms,
                                     uint32_t try_for_ms);

// The payload of kSendPacket, kRecvPacket, kPeerGone or kClosePeer: a key and
// the rest. nullopt when shorter than a key.
struct KeyAndRest {
  crypto::NodeKey key;
  Bytes rest;
};
std::optional<KeyAndRest> SplitKey(Bytes payload);

}  // namespace warren::derp

#endif  // WARREN_CORE_DERP_FRAME_H_
