#include "core/portmap/pcp.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::portmap {
namespace {

constexpr uint8_t kAnnounce = 0;
constexpr uint8_t kMap = 1;
constexpr uint8_t kReply = 0x80;
constexpr uint8_t kUdp = 17;
constexpr size_t kMaxSize = 1100;  // §7

void AddHeader(ByteWriter& w, uint8_t opcode, uint32_t lifetime_s,
               const net::IpAddress& self) {
  w.U8(kPcpVersion).U8(opcode).U16(0).U32(lifetime_s).Append(self.Mapped16());
}

absl::Status Malformed(absl::string_view what, Bytes datagram) {
  return absl::InvalidArgumentError(absl::StrCat(
      "PCP: ", what, " in a datagram of ", datagram.size(), " bytes"));
}

// The opcode's data of a MAP response; nullopt if it is cut or not of UDP.
std::optional<PcpReply::Map> ReadMap(ByteReader& r) {
  const auto nonce = r.Array<12>();
  const auto protocol = r.U8();
  const auto reserved = r.Take(3);
  const auto internal_port = r.U16();
  const auto external_port = r.U16();
  const auto address = r.Array<16>();
  if (!address || !reserved || *protocol != kUdp) return std::nullopt;
  return PcpReply::Map{
      *nonce, *internal_port, {net::IpAddress::V6(*address), *external_port}};
}

}  // namespace

std::vector<uint8_t> BuildPcpAnnounce(const net::IpAddress& self) {
  ByteWriter w;
  AddHeader(w, kAnnounce, 0, self);
  return std::move(w).Take();
}

std::vector<uint8_t> BuildPcpMap(const PcpMapRequest& request) {
  ByteWriter w;
  AddHeader(w, kMap, request.lifetime_s, request.self);
  w.Append(request.nonce).U8(kUdp).Zeros(3);
  w.U16(request.internal_port).U16(request.suggested.port());
  w.Append(request.suggested.address().Mapped16());
  return std::move(w).Take();
}

absl::StatusOr<PcpReply> ParsePcpReply(Bytes datagram) {
  ByteReader r(datagram);
  const auto version = r.U8();
  const auto opcode = r.U8();
  const auto reserved = r.U8();
  const auto result = r.U8();
  const auto lifetime = r.U32();
  const auto epoch = r.U32();
  if (!r.Take(12) || !reserved || datagram.size() > kMaxSize ||
      datagram.size() % 4 != 0 || (*opcode & kReply) == 0) {
    return Malformed("no response header", datagram);
  }
  PcpReply reply;
  reply.version = *version;
  reply.result = PcpResult{*result};
  reply.lifetime_s = *lifetime;
  reply.epoch_s = *epoch;
  // A server of another version answers in its own (§9).
  if (reply.result == PcpResult::kUnsupportedVersion) return reply;
  if (*version != kPcpVersion) {
    return Malformed(absl::StrCat("version ", *version), datagram);
  }
  if (*opcode == (kReply | kAnnounce)) return reply;
  if (*opcode != (kReply | kMap)) {
    return Malformed(absl::StrCat("a response of opcode ", *opcode), datagram);
  }
  reply.map = ReadMap(r);
  if (!reply.map) return Malformed("no MAP of UDP", datagram);
  return reply;
}

}  // namespace warren::portmap
