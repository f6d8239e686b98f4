#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/net/ip_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  warren::net::IpPacket packet;
  const warren::Bytes bytes(data, size);
  if (warren::net::ParseIp(bytes, packet) != warren::net::IpError::kNone) {
    return 0;
  }
  // The payload is a part of the input, and nothing before the headers.
  WARREN_CHECK(packet.payload.data() >= data + 20);
  WARREN_CHECK(packet.payload.data() + packet.payload.size() <= data + size);
  return 0;
}
