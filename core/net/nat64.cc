#include "core/net/nat64.h"

#include <algorithm>
#include <array>

namespace warren::net {
namespace {

constexpr int kPrefixBits = 96;

}  // namespace

IpAddress BehindNat64(const IpAddress& prefix, const IpAddress& v4) {
  std::array<uint8_t, 16> bytes = prefix.Mapped16();
  std::ranges::copy(v4.bytes(), bytes.begin() + kPrefixBits / 8);
  return IpAddress::V6(bytes);
}

std::optional<IpAddress> FromNat64(const IpAddress& prefix,
                                   const IpAddress& address) {
  if (!IpPrefix(prefix, kPrefixBits).Contains(address)) return std::nullopt;
  return IpAddress::V4(address.bytes().subspan<kPrefixBits / 8, 4>());
}

}  // namespace warren::net
