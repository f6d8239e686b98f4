#include "core/portmap/nat_pmp.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::portmap {
namespace {

constexpr uint8_t kVersion = 0;
constexpr uint8_t kAddress = 0;
constexpr uint8_t kMapUdp = 1;
constexpr uint8_t kReply = 0x80;
constexpr size_t kAddressReplySize = 12;
constexpr size_t kMapReplySize = 16;

absl::Status Malformed(absl::string_view what, Bytes datagram) {
  return absl::InvalidArgumentError(absl::StrCat(
      "NAT-PMP: ", what, " in a datagram of ", datagram.size(), " bytes"));
}

}  // namespace

std::vector<uint8_t> BuildPmpAddressRequest() { return {kVersion, kAddress}; }

std::vector<uint8_t> BuildPmpMapRequest(uint16_t internal_port,
                                        uint16_t external_port,
                                        uint32_t lifetime_s) {
  ByteWriter w;
  w.U8(kVersion).U8(kMapUdp).U16(0);
  w.U16(internal_port).U16(external_port).U32(lifetime_s);
  return std::move(w).Take();
}

absl::StatusOr<PmpReply> ParsePmpReply(Bytes datagram) {
  ByteReader r(datagram);
  const auto version = r.U8();
  const auto opcode = r.U8();
  const auto result = r.U16();
  const auto epoch = r.U32();
  if (!epoch || *version != kVersion || (*opcode & kReply) == 0) {
    return Malformed("no reply header", datagram);
  }
  PmpReply reply;
  reply.result = PmpResult{*result};
  reply.epoch_s = *epoch;
  reply.to_map_request = *opcode == (kReply | kMapUdp);
  // Also the refusal of a request of PCP, whatever its opcode.
  if (reply.result != PmpResult::kSuccess) return reply;
  if (*opcode == (kReply | kAddress) && datagram.size() == kAddressReplySize) {
    reply.external_address = net::IpAddress::V4(*r.U32());
    return reply;
  }
  if (reply.to_map_request && datagram.size() == kMapReplySize) {
    const uint16_t internal_port = *r.U16();
    const uint16_t external_port = *r.U16();
    reply.map = {internal_port, external_port, *r.U32()};
    return reply;
  }
  return Malformed(absl::StrCat("a reply of opcode ", *opcode), datagram);
}

}  // namespace warren::portmap
