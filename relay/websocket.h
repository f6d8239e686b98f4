#ifndef WARREN_RELAY_WEBSOCKET_H_
#define WARREN_RELAY_WEBSOCKET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

// The server's side of WebSocket framing (RFC 6455 §5), for DERP inside binary
// messages whose bounds mean nothing (specs/dataplane.md §2.7). No extensions.
namespace warren::relay {

// Longest message written: what stock clients read (§12 trap 15).
inline constexpr size_t kMaxWebSocketMessage = 32 * 1024;

// The Sec-WebSocket-Accept that answers `key` (RFC 6455 §4.2.2).
std::string WebSocketAccept(absl::string_view key);

// `payload` as binary messages.
std::vector<uint8_t> WebSocketFrames(Bytes payload);

// Takes the payloads out of a client's frames.
class WebSocketReader {
 public:
  // Decodes `stream` in place: the payload is moved to its front, and how long
  // it is returned. Pongs that are due are appended to `reply`.
  // UNAVAILABLE: the client said goodbye. INVALID_ARGUMENT: a text message, an
  // unmasked frame, or one that is against the rules.
  absl::StatusOr<size_t> Decode(MutableBytes stream,
                                std::vector<uint8_t>& reply);

 private:
  // Of the header in `header_`, 0 while too little of it is known.
  size_t HeaderSize() const;
  absl::Status OnHeader();
  absl::Status OnFrameEnd(std::vector<uint8_t>& reply);

  std::vector<uint8_t> header_;   // at most 14 bytes
  std::vector<uint8_t> control_;  // payload of a ping, at most 125 bytes
  uint64_t left_ = 0;             // payload bytes still to come
  size_t mask_at_ = 0;
  std::array<uint8_t, 4> mask_{};
  uint8_t opcode_ = 0;
  bool in_payload_ = false;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_WEBSOCKET_H_
