#include "core/engine/tsmp.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace warren::engine {
namespace {

constexpr uint8_t kProtocol = 99;
constexpr uint8_t kTtl = 64;
constexpr uint8_t kPing = 'p';
constexpr uint8_t kPong = 'o';
constexpr uint8_t kAdvert = 'a';
constexpr size_t kMinPayload = 7;

// RFC 1071, over an even number of bytes.
uint16_t Checksum(Bytes header) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < header.size(); i += 2) {
    sum += LoadBe16(header.data() + i);
  }
  sum = (sum & 0xffff) + (sum >> 16);
  sum += sum >> 16;
  return static_cast<uint16_t>(~sum);
}

// `id`: 16 bits for IPv4, 20 (the flow label) for IPv6.
std::vector<uint8_t> Wrap(const net::IpAddress& from, const net::IpAddress& to,
                          uint32_t id, Bytes payload) {
  WARREN_CHECK(from.family() == to.family());
  const auto size = static_cast<uint16_t>(payload.size());
  ByteWriter w;
  if (from.is_v6()) {
    w.U32(0x60000000 | (id & 0xfffff)).U16(size).U8(kProtocol).U8(kTtl);
    w.Append(from.bytes()).Append(to.bytes()).Append(payload);
    return std::move(w).Take();
  }
  w.U16(0x4500).U16(static_cast<uint16_t>(20 + size));
  w.U16(static_cast<uint16_t>(id)).U16(0).U8(kTtl).U8(kProtocol).U16(0);
  w.Append(from.bytes()).Append(to.bytes()).Append(payload);
  std::vector<uint8_t> packet = std::move(w).Take();
  StoreBe16(packet.data() + 10, Checksum(Bytes(packet).first(20)));
  return packet;
}

}  // namespace

std::optional<TsmpMessage> ParseTsmp(const net::IpPacket& packet) {
  if (packet.payload.size() < kMinPayload || packet.later_fragment ||
      packet.more_fragments) {
    return std::nullopt;
  }
  ByteReader r(packet.payload);
  switch (*r.U8()) {
    case kPing: {
      const auto payload = r.Array<8>();
      if (!payload) return std::nullopt;
      return TsmpPing{*payload};
    }
    case kAdvert: {
      const auto bytes = r.Array<crypto::kKeySize>();
      if (!bytes) return std::nullopt;
      const auto key = crypto::DiscoKey::FromBytes(*bytes);
      if (key.IsZero()) return std::nullopt;
      return TsmpDiscoAdvert{key};
    }
    case kNoteType: {
      auto note = ParseNote(packet.payload);
      if (!note) return std::nullopt;
      return *std::move(note);
    }
    default:
      return std::nullopt;
  }
}

std::vector<uint8_t> BuildTsmpAdvert(const net::IpAddress& from,
                                     const net::IpAddress& to,
                                     const crypto::DiscoKey& key) {
  ByteWriter payload;
  payload.U8(kAdvert).Append(key.bytes());
  return Wrap(from, to, 0, payload.bytes());
}

std::vector<uint8_t> BuildTsmpNote(const net::IpAddress& from,
                                   const net::IpAddress& to,
                                   const PeerNote& note) {
  return Wrap(from, to, 0, EncodeNote(note));
}

std::vector<uint8_t> BuildTsmpPong(Bytes bytes, const net::IpPacket& packet,
                                   const TsmpPing& ping) {
  const uint32_t id = packet.source.is_v4() ? LoadBe16(bytes.data() + 4)
                                            : LoadBe32(bytes.data());
  ByteWriter payload;
  payload.U8(kPong).Append(ping.payload).U16(0);
  return Wrap(packet.destination, packet.source, ~id, payload.bytes());
}

}  // namespace warren::engine
