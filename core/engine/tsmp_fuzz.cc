#include <cstddef>
#include <cstdint>
#include <variant>

#include "core/base/check.h"
#include "core/engine/tsmp.h"

// An inner packet that a peer sent: what we answer must itself be a packet.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using warren::net::IpError;
  const warren::Bytes bytes(data, size);
  warren::net::IpPacket packet;
  if (warren::net::ParseIp(bytes, packet) != IpError::kNone) return 0;
  const auto message = warren::engine::ParseTsmp(packet);
  if (!message) return 0;
  const auto* ping = std::get_if<warren::engine::TsmpPing>(&*message);
  if (ping == nullptr) return 0;
  const auto pong = warren::engine::BuildTsmpPong(bytes, packet, *ping);
  warren::net::IpPacket answer;
  WARREN_CHECK(warren::net::ParseIp(pong, answer) == IpError::kNone);
  WARREN_CHECK(answer.destination == packet.source);
  return 0;
}
