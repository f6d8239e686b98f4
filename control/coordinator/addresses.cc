#include "control/coordinator/addresses.h"

#include <array>
#include <cstdint>

namespace warren::control {
namespace {

constexpr uint32_t kBlock = 0x64400000;      // 100.64.0.0
constexpr uint32_t kBlockSize = 1u << 22;    // a /10
constexpr uint32_t kService = 0x64646464;    // 100.100.100.100
constexpr uint32_t kChromeOs = 0x64735c00;   // 100.115.92.0
constexpr uint32_t kChromeOsSize = 1u << 9;  // a /23

}  // namespace

bool IsNodeIpv4(const net::IpAddress& address) {
  if (!address.is_v4()) return false;
  const uint32_t a = address.v4();
  if (a - kBlock >= kBlockSize || a == kService) return false;
  if (a - kChromeOs < kChromeOsSize) return false;
  return (a & 0xff) != 0 && (a & 0xff) != 0xff;
}

std::optional<net::IpAddress> PickIpv4(
    Rng& rng, const std::function<bool(const net::IpAddress&)>& taken) {
  const auto start = static_cast<uint32_t>(rng.Below(kBlockSize));
  // An odd step visits every address once, in an order that looks random.
  const auto step = static_cast<uint32_t>(rng.Below(kBlockSize)) | 1;
  for (uint32_t i = 0, at = start; i < kBlockSize; ++i, at += step) {
    const auto address = net::IpAddress::V4(kBlock + at % kBlockSize);
    if (IsNodeIpv4(address) && !taken(address)) return address;
  }
  return std::nullopt;
}

net::IpAddress Ipv6For(const net::IpAddress& ipv4) {
  std::array<uint8_t, 16> bytes = {0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0,
                                   0xab, 0x12, 0x48, 0x43, 0xcd, 0x96,
                                   0x62, 0,    0,    0};
  const Bytes v4 = ipv4.bytes();
  std::copy(v4.begin() + 1, v4.end(), bytes.begin() + 13);
  return net::IpAddress::V6(bytes);
}

}  // namespace warren::control
