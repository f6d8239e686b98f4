#include "relay/websocket.h"

#include <algorithm>
#include <boost/uuid/detail/sha1.hpp>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::relay {
namespace {

enum Opcode : uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xa,
};

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kMasked = 0x80;
constexpr size_t kMaxControl = 125;
// A client that pings without reading gets no more answers than this.
constexpr size_t kMaxReply = 4096;

bool IsControl(uint8_t opcode) { return (opcode & 0x8) != 0; }

void PutFrame(Opcode opcode, Bytes payload, std::vector<uint8_t>& out) {
  out.push_back(static_cast<uint8_t>(kFinal | opcode));
  if (payload.size() < 126) {
    out.push_back(static_cast<uint8_t>(payload.size()));
  } else {
    uint8_t size[2];
    StoreBe16(size, static_cast<uint16_t>(payload.size()));
    out.push_back(126);
    out.insert(out.end(), size, size + 2);
  }
  out.insert(out.end(), payload.begin(), payload.end());
}

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("WebSocket: ", what));
}

}  // namespace

std::string WebSocketAccept(absl::string_view key) {
  const std::string text =
      absl::StrCat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  boost::uuids::detail::sha1 sha1;
  sha1.process_bytes(text.data(), text.size());
  boost::uuids::detail::sha1::digest_type words;
  sha1.get_digest(words);
  std::array<uint8_t, 20> digest{};
  for (size_t i = 0; i < 5; ++i) StoreBe32(&digest[4 * i], words[i]);
  return absl::Base64Escape(AsText(digest));
}

std::vector<uint8_t> WebSocketFrames(Bytes payload) {
  std::vector<uint8_t> out;
  out.reserve(payload.size() + 16);
  while (!payload.empty()) {
    const Bytes part =
        payload.first(std::min(payload.size(), kMaxWebSocketMessage));
    PutFrame(kBinary, part, out);
    payload = payload.subspan(part.size());
  }
  return out;
}

size_t WebSocketReader::HeaderSize() const {
  if (header_.size() < 2) return 0;
  const uint8_t size = header_[1] & 0x7f;
  const size_t length = size == 126 ? 2 : size == 127 ? 8 : 0;
  return 2 + length + ((header_[1] & kMasked) != 0 ? mask_.size() : 0);
}

absl::Status WebSocketReader::OnHeader() {
  ByteReader r(header_);
  const uint8_t first = *r.U8();
  const uint8_t second = *r.U8();
  opcode_ = first & 0x0f;
  if ((first & 0x70) != 0) return Bad("an extension nobody agreed on");
  if ((second & kMasked) == 0) return Bad("a client's frame is not masked");
  left_ = second & 0x7f;
  if (left_ == 126) left_ = *r.U16();
  if (left_ == 127) left_ = *r.U64();
  mask_ = *r.Array<4>();
  mask_at_ = 0;
  header_.clear();
  control_.clear();
  if (IsControl(opcode_)) {
    if (left_ > kMaxControl || (first & kFinal) == 0) {
      return Bad("a control frame that is long or in parts");
    }
    if (opcode_ > kPong) return Bad("an unknown kind of frame");
  } else if (opcode_ == kText) {
    return Bad("a text message, only binary ones carry DERP");
  } else if (opcode_ > kBinary) {
    return Bad("an unknown kind of frame");
  }
  in_payload_ = true;
  return absl::OkStatus();
}

absl::Status WebSocketReader::OnFrameEnd(std::vector<uint8_t>& reply) {
  in_payload_ = false;
  if (opcode_ == kClose) return absl::UnavailableError("the peer closed");
  if (opcode_ == kPing && reply.size() < kMaxReply) {
    PutFrame(kPong, control_, reply);
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> WebSocketReader::Decode(MutableBytes stream,
                                               std::vector<uint8_t>& reply) {
  size_t in = 0;
  size_t out = 0;
  while (in < stream.size()) {
    if (!in_payload_) {
      header_.push_back(stream[in++]);
      if (header_.size() == HeaderSize()) {
        WARREN_RETURN_IF_ERROR(OnHeader());
        if (left_ == 0) WARREN_RETURN_IF_ERROR(OnFrameEnd(reply));
      }
      continue;
    }
    const uint64_t rest = stream.size() - in;
    const auto n = static_cast<size_t>(std::min(left_, rest));
    for (size_t i = 0; i < n; ++i) {
      const auto byte =
          static_cast<uint8_t>(stream[in + i] ^ mask_[mask_at_++ & 3]);
      if (IsControl(opcode_)) {
        control_.push_back(byte);
      } else {
        stream[out++] = byte;  // Never ahead of `in`: headers only shrink it.
      }
    }
    in += n;
    left_ -= n;
    if (left_ == 0) WARREN_RETURN_IF_ERROR(OnFrameEnd(reply));
  }
  return out;
}

}  // namespace warren::relay
