#include "core/sim/site.h"

#include <algorithm>
#include <array>

namespace warren::sim {
namespace {

constexpr std::array<uint8_t, 12> kNat64Prefix = {0, 0x64, 0xff, 0x9b};

// 2001:db8:<number>::<n>, of the documentation prefix (RFC 3849).
net::IpAddress Global6(uint32_t number, uint32_t n) {
  std::array<uint8_t, 16> bytes = {0x20, 0x01, 0x0d, 0xb8};
  StoreBe16(&bytes[4], static_cast<uint16_t>(number));
  StoreBe16(&bytes[14], static_cast<uint16_t>(n));
  return net::IpAddress::V6(bytes);
}

}  // namespace

net::IpAddress Nat64Address(const net::IpAddress& address) {
  std::array<uint8_t, 16> bytes = {};
  std::ranges::copy(kNat64Prefix, bytes.begin());
  std::ranges::copy(address.bytes(), bytes.begin() + kNat64Prefix.size());
  return net::IpAddress::V6(bytes);
}

std::optional<net::IpAddress> FromNat64(const net::IpAddress& address) {
  if (!address.is_v6() ||
      !std::ranges::equal(address.bytes().first<12>(), kNat64Prefix)) {
    return std::nullopt;
  }
  return net::IpAddress::V4(address.bytes().last<4>());
}

Site::Site(const SiteKind& kind, Site* outer, uint32_t number,
           const net::IpAddress& outside, uint64_t seed)
    : kind_(kind), outer_(outer), number_(number), firewall_(kind.firewall) {
  if (kind.translates()) nat_.emplace(kind.nat, outside, seed);
}

void Site::Reset() {
  if (nat_) nat_->Reset();
  firewall_.Reset();
}

net::IpAddress Site::gateway() const {
  // 10.<number>.1, 192.168.1.1.
  return net::IpAddress::V4(kind_.common_lan ? 0xc0a80101
                                             : 0x0a000001 + (number_ << 8));
}

net::IpAddress Site::HostAddress(uint32_t n) const {
  return net::IpAddress::V4(gateway().v4() + 1 + n);
}

net::IpAddress Site::HostAddress6(uint32_t n) const {
  return Global6(number_, 2 + n);
}

bool Site::Out(Instant now, Flight& flight) {
  if (kind_.udp_blocked) return false;
  net::Endpoint to = flight.to;
  if (to.address().is_v6()) {
    const auto v4 = FromNat64(to.address());
    if (v4 && !kind_.nat64) return false;
    if (v4) to = net::Endpoint(*v4, to.port());
  }
  if (!nat_ || to.address().is_v6()) {
    firewall_.NoteSent(now, flight.source, to);
    return true;
  }
  const auto source = nat_->Outbound(now, flight.source, to);
  if (!source) return false;
  flight = {*source, to};
  return true;
}

bool Site::In(Instant now, Flight& flight) {
  if (kind_.udp_blocked) return false;
  if (!HasOutside(flight.to.address())) {
    return firewall_.Admits(now, flight.source, flight.to);
  }
  const auto inside = nat_->Inbound(now, flight.source, flight.to.port());
  if (!inside) return false;
  flight.to = *inside;
  if (inside->address().is_v6()) {
    flight.source = net::Endpoint(Nat64Address(flight.source.address()),
                                  flight.source.port());
  }
  return true;
}

std::vector<uint8_t> Site::AnswerMapper(Instant now, const net::Endpoint& from,
                                        Bytes request) {
  constexpr uint16_t kSuccess = 0, kUnsupportedVersion = 1;
  ByteReader r(request);
  const auto version = r.U8();
  const auto operation = r.U8();
  if (kind_.mapper == Mapper::kNone || !nat_ || !kind_.v4 || !operation)
    return {};
  const auto seconds =
      static_cast<uint32_t>(absl::ToInt64Seconds(now.SinceEpoch()));
  ByteWriter w;
  w.U8(0).U8(static_cast<uint8_t>(*operation & 127) | 128);
  w.U16(*version == 0 ? kSuccess : kUnsupportedVersion).U32(seconds);
  if (*version != 0) return std::move(w).Take();  // PCP, §3.5.
  if (*operation == 0) {
    w.Append(nat_->public_address().bytes());
    return std::move(w).Take();
  }
  r.Take(2);
  const auto internal = r.U16();
  r.Take(2);
  const auto lifetime = r.U32();
  if (*operation != 1 || !lifetime) return {};
  // By the address it comes from: nobody maps for another host (§3.3).
  const net::Endpoint inside(from.address(), *internal);
  const uint16_t port =
      kind_.mapper == Mapper::kHonest
          ? nat_->Forward(now, inside, now + absl::Seconds(*lifetime))
          : *internal;
  w.U16(*internal).U16(port).U32(*lifetime);
  return std::move(w).Take();
}

}  // namespace warren::sim
