#include "core/derp/frame.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/derp/login.h"

namespace warren::derp {
namespace {

constexpr uint32_t kMaxClientFrameSize = 1u << 20;
constexpr uint32_t kMaxServerKeySize = 1024;
constexpr uint32_t kMaxPingSize = 1000;
constexpr uint32_t kKey = kKeySize;
constexpr uint32_t kPacket = kMaxPacketSize;
// A node key, and the shortest box: nonce and tag.
constexpr uint32_t kMinClientInfoSize = kKey + 40;

// What a payload may measure, both ends included.
struct Sizes {
  uint32_t least;
  uint32_t most;
};

// nullopt: a type the server does not know, to be skipped whatever its size.
std::optional<Sizes> ServerSizes(FrameType type) {
  switch (type) {
    case FrameType::kClientInfo:
      return Sizes{kMinClientInfoSize, kMaxClientInfoSize};
    case FrameType::kSendPacket:
      return Sizes{kKey, kKey + kPacket};
    case FrameType::kForwardPacket:
      return Sizes{2 * kKey, 2 * kKey + kPacket};
    case FrameType::kNotePreferred:
      return Sizes{1, 1};
    case FrameType::kWatchConns:
      return Sizes{0, 0};
    case FrameType::kClosePeer:
      return Sizes{kKey, kKey};
    case FrameType::kPing:
      return Sizes{kPingSize, kMaxPingSize};
    case FrameType::kServerKey:
    case FrameType::kServerInfo:
    case FrameType::kRecvPacket:
    case FrameType::kKeepAlive:
    case FrameType::kPeerGone:
    case FrameType::kPeerPresent:
    case FrameType::kPong:
    case FrameType::kHealth:
    case FrameType::kRestarting:
      break;
  }
  return std::nullopt;
}

bool ClientKnows(FrameType type) {
  switch (type) {
    case FrameType::kServerKey:
    case FrameType::kServerInfo:
    case FrameType::kRecvPacket:
    case FrameType::kKeepAlive:
    case FrameType::kPeerGone:
    case FrameType::kPeerPresent:
    case FrameType::kPing:
    case FrameType::kPong:
    case FrameType::kHealth:
    case FrameType::kRestarting:
      return true;
    case FrameType::kClientInfo:
    case FrameType::kSendPacket:
    case FrameType::kNotePreferred:
    case FrameType::kForwardPacket:
    case FrameType::kWatchConns:
    case FrameType::kClosePeer:
      break;
  }
  return false;
}

uint32_t ClientMost(FrameType type) {
  return type == FrameType::kServerKey ? kMaxServerKeySize
                                       : kMaxClientFrameSize;
}

absl::Status WrongSize(uint8_t type, uint32_t size, uint32_t allowed) {
  const std::string message = absl::StrCat(
      "DERP frame 0x", absl::Hex(type), ": payload of ", size, " bytes, ",
      size > allowed ? "at most " : "at least ", allowed);
  return size > allowed ? absl::ResourceExhaustedError(message)
                        : absl::InvalidArgumentError(message);
}

// Moves up to `n` bytes from the front of `from` to the end of `to`.
void Move(Bytes& from, size_t n, std::vector<uint8_t>& to) {
  n = std::min(n, from.size());
  to.insert(to.end(), from.begin(), from.begin() + static_cast<ptrdiff_t>(n));
  from = from.subspan(n);
}

}  // namespace

absl::StatusOr<bool> FrameReader::Knows(uint8_t type, uint32_t size) const {
  const auto frame_type = static_cast<FrameType>(type);
  if (reader_ == Reader::kClient) {
    const uint32_t most = ClientMost(frame_type);
    if (size > most) return WrongSize(type, size, most);
    return ClientKnows(frame_type);
  }
  const auto sizes = ServerSizes(frame_type);
  if (!sizes) return false;
  if (size > sizes->most) return WrongSize(type, size, sizes->most);
  if (size < sizes->least) return WrongSize(type, size, sizes->least);
  return true;
}

absl::StatusOr<std::optional<Frame>> FrameReader::Next(Bytes& stream) {
  if (give_back_) {
    // Frees what a rare large frame took: an idle connection holds nothing.
    partial_ = {};
    give_back_ = false;
  }
  while (true) {
    const size_t skipped =
        static_cast<size_t>(std::min<uint64_t>(skip_, stream.size()));
    stream = stream.subspan(skipped);
    skip_ -= skipped;
    if (stream.empty()) return std::nullopt;

    if (!partial_.empty() || stream.size() < kFrameHeaderSize) {
      if (partial_.size() < kFrameHeaderSize) {
        Move(stream, kFrameHeaderSize - partial_.size(), partial_);
      }
      if (partial_.size() < kFrameHeaderSize) return std::nullopt;
    }
    const uint8_t* header = partial_.empty() ? stream.data() : partial_.data();
    const uint32_t size = LoadBe32(header + 1);
    const size_t whole = kFrameHeaderSize + size;
    const auto type = static_cast<FrameType>(header[0]);
    const auto known = Knows(header[0], size);
    if (!known.ok()) return known.status();
    if (!*known) {
      skip_ = whole - partial_.size();
      partial_.clear();
      continue;
    }
    if (partial_.empty() && stream.size() >= whole) {
      const Bytes payload = stream.subspan(kFrameHeaderSize, size);
      stream = stream.subspan(whole);
      return Frame{type, payload};
    }
    Move(stream, whole - partial_.size(), partial_);
    if (partial_.size() < whole) return std::nullopt;
    give_back_ = true;
    return Frame{type, Bytes(partial_).subspan(kFrameHeaderSize)};
  }
}

void PutFrameHeader(uint8_t* out, FrameType type, uint32_t payload_size) {
  out[0] = static_cast<uint8_t>(type);
  StoreBe32(out + 1, payload_size);
}

void PutPacketHeader(std::span<uint8_t, kPacketHeaderSize> out, FrameType type,
                     const crypto::NodeKey& key, uint32_t packet_size) {
  PutFrameHeader(out.data(), type, kKey + packet_size);
  std::copy(key.bytes().begin(), key.bytes().end(),
            out.begin() + kFrameHeaderSize);
}

std::vector<uint8_t> BuildFrame(FrameType type, Bytes payload) {
  std::vector<uint8_t> out(kFrameHeaderSize + payload.size());
  PutFrameHeader(out.data(), type, static_cast<uint32_t>(payload.size()));
  std::copy(payload.begin(), payload.end(), out.begin() + kFrameHeaderSize);
  return out;
}

std::vector<uint8_t> BuildPacket(FrameType type, const crypto::NodeKey& key,
                                 Bytes packet) {
  std::vector<uint8_t> out(kPacketHeaderSize + packet.size());
  PutPacketHeader(std::span(out).first<kPacketHeaderSize>(), type, key,
                  static_cast<uint32_t>(packet.size()));
  std::copy(packet.begin(), packet.end(), out.begin() + kPacketHeaderSize);
  return out;
}

std::vector<uint8_t> BuildNotePreferred(bool preferred) {
  const uint8_t payload = preferred ? 1 : 0;
  return BuildFrame(FrameType::kNotePreferred, {&payload, 1});
}

std::vector<uint8_t> BuildPeerGone(const crypto::NodeKey& peer,
                                   GoneReason reason) {
  ByteWriter payload;
  payload.Append(peer.bytes()).U8(static_cast<uint8_t>(reason));
  return BuildFrame(FrameType::kPeerGone, payload.bytes());
}

std::vector<uint8_t> BuildRestarting(uint32_t reconnect_in_ms,
                                     uint32_t try_for_ms) {
  ByteWriter payload;
  payload.U32(reconnect_in_ms).U32(try_for_ms);
  return BuildFrame(FrameType::kRestarting, payload.bytes());
}

std::optional<KeyAndRest> SplitKey(Bytes payload) {
  if (payload.size() < kKeySize) return std::nullopt;
  return KeyAndRest{crypto::NodeKey::FromBytes(payload.first<kKeySize>()),
                    payload.subspan(kKeySize)};
}

}  // namespace warren::derp
