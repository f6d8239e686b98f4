#ifndef WARREN_CORE_NET_IP_H_
#define WARREN_CORE_NET_IP_H_

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/base/strong_id.h"

namespace warren::net {

enum class Family : uint8_t { kV4, kV6 };

// An IPv4 or IPv6 address. A v4-mapped IPv6 address (::ffff:a.b.c.d) becomes
// its IPv4 address on the way in, so equal addresses compare equal. Zones are
// not kept. The default value is 0.0.0.0.
class IpAddress {
 public:
  constexpr IpAddress() = default;
  static IpAddress V4(uint32_t host_order);
  // From 4 network-order bytes.
  static IpAddress V4(std::span<const uint8_t, 4> bytes);
  // From 16 network-order bytes; unmaps.
  static IpAddress V6(std::span<const uint8_t, 16> bytes);
  // INVALID_ARGUMENT names the text when it is not an address.
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::kV4; }
  bool is_v6() const { return family_ == Family::kV6; }
  // 4 or 16 network-order bytes, alive as long as this object.
  Bytes bytes() const { return {bytes_.data(), is_v4() ? 4u : 16u}; }
  uint32_t v4() const { return LoadBe32(bytes_.data()); }  // is_v4() only
  // The 16-byte form, IPv4 v4-mapped: disco, PCP.
  std::array<uint8_t, 16> Mapped16() const;
  std::string ToString() const;

  bool IsUnspecified() const;
  bool IsLoopback() const;
  bool IsMulticast() const;
  bool IsLinkLocal() const;  // 169.254/16, fe80::/10
  bool IsPrivate() const;    // RFC 1918, fc00::/7
  // 100.64.0.0/10 or fd7a:115c:a1e0::/48: an address of a tailnet.
  bool IsTailnet() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& a) {
    return H::combine(std::move(h), a.family_, a.bytes_);
  }

 private:
  Family family_ = Family::kV4;
  std::array<uint8_t, 16> bytes_{};  // IPv4 uses the first four, rest zero.
};

// An address block. Host bits are always zero.
class IpPrefix {
 public:
  constexpr IpPrefix() = default;
  // Masks the host bits away. `bits` is clamped to the family's length.
  IpPrefix(const IpAddress& address, int bits);
  // "10.0.0.0/8", or a bare address for a whole-length prefix.
  // INVALID_ARGUMENT when malformed or when host bits are set.
  static absl::StatusOr<IpPrefix> Parse(absl::string_view text);
  // One address alone.
  static IpPrefix Single(const IpAddress& address);

  const IpAddress& address() const { return address_; }
  int bits() const { return bits_; }
  bool Contains(const IpAddress& address) const;
  bool Contains(const IpPrefix& other) const;
  std::string ToString() const;

  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const IpPrefix& p) {
    return H::combine(std::move(h), p.address_, p.bits_);
  }

 private:
  IpAddress address_;
  int bits_ = 0;
};

// Where a datagram comes from or goes to: an IP address and UDP port, or a
// relay region. A relay is written 127.3.3.40:<region>, as in disco pongs
// (specs/dataplane.md 6.1), so that one type serves every path.
//
// A node has one main socket, and for a while sometimes more: what goes to or
// came from an address through another socket is another way, behind another
// mapping of our NAT. socket() tells it; it is ours alone, and never on a wire
// or in text.
class Endpoint {
 public:
  static constexpr uint16_t kMainSocket = 0;

  constexpr Endpoint() = default;
  Endpoint(const IpAddress& address, uint16_t port)
      : address_(address), port_(port) {}
  static Endpoint Relay(RelayId relay);
  // "1.2.3.4:5" or "[::1]:5". INVALID_ARGUMENT names the text.
  static absl::StatusOr<Endpoint> Parse(absl::string_view text);

  const IpAddress& address() const { return address_; }
  uint16_t port() const { return port_; }
  bool IsRelay() const;
  RelayId relay() const { return RelayId(port_); }  // IsRelay() only
  uint16_t socket() const { return socket_; }
  // The same address, by way of another of our sockets.
  Endpoint Through(uint16_t socket) const {
    Endpoint endpoint = *this;
    endpoint.socket_ = socket;
    return endpoint;
  }
  // False for the default value.
  bool IsSet() const { return port_ != 0; }
  std::string ToString() const;  // "relay 900" for a relay

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Endpoint& e) {
    return H::combine(std::move(h), e.address_, e.port_, e.socket_);
  }

 private:
  IpAddress address_;
  uint16_t port_ = 0;
  uint16_t socket_ = kMainSocket;
};

}  // namespace warren::net

#endif  // WARREN_CORE_NET_IP_H_
