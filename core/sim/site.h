#ifndef WARREN_CORE_SIM_SITE_H_
#define WARREN_CORE_SIM_SITE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/sim/nat.h"

namespace warren::sim {

// What a router does when asked for a port mapping by NAT-PMP (RFC 6886).
enum class Mapper : uint8_t { kNone, kHonest, kLies };

// What stands between some hosts and the world outside.
struct SiteKind {
  NatKind nat = kOpen;  // of IPv4; kOpen: the hosts have public addresses
  bool v4 = true;
  bool v6 = false;  // global addresses, as all IPv6 here
  // IPv4 hosts are elsewhere; the NAT translates IPv6 to IPv4 for these (RFC
  // 6146, with the prefix 64:ff9b::/96). Needs v6, excludes v4.
  bool nat64 = false;
  // Of what is not translated; only kNothing lets strangers in.
  Depends firewall = Depends::kNothing;
  bool udp_blocked = false;  // to and from outside
  Mapper mapper = Mapper::kNone;
  bool common_lan = false;  // has the same private addresses as all such

  bool translates() const { return nat64 || (v4 && nat != kOpen); }
  friend bool operator==(const SiteKind&, const SiteKind&) = default;
};

// The addresses that a datagram bears, here and now.
struct Flight {
  net::Endpoint source;
  net::Endpoint to;
};

// A router, with the network inside it: a home, an office, a carrier.
class Site {
 public:
  // `outer`: the carrier it hangs on; null: the internet. `number` is unique,
  // up to 16383. `outside`: its address there, if it translates.
  Site(const SiteKind& kind, Site* outer, uint32_t number,
       const net::IpAddress& outside, uint64_t seed);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  const SiteKind& kind() const { return kind_; }
  Site* outer() const { return outer_; }
  // Null if it does not translate.
  Nat* nat() { return nat_ ? &*nat_ : nullptr; }
  const Nat* nat() const { return nat_ ? &*nat_ : nullptr; }
  void SetBlocked(bool blocked) { kind_.udp_blocked = blocked; }
  // As a restarted router.
  void Reset();

  // Addresses inside: of the router, and of the `n`th host, from 0.
  net::IpAddress gateway() const;
  net::IpAddress HostAddress(uint32_t n) const;  // private; if translated
  net::IpAddress HostAddress6(uint32_t n) const;
  bool HasOutside(const net::IpAddress& address) const {
    return nat_ && nat_->public_address() == address;
  }

  // Lets a datagram pass, and rewrites its addresses; false: drops it.
  bool Out(Instant now, Flight& flight);
  bool In(Instant now, Flight& flight);
  // The answer to a datagram for port 5351 of the router; empty: none.
  std::vector<uint8_t> AnswerMapper(Instant now, const net::Endpoint& from,
                                    Bytes request);

 private:
  SiteKind kind_;
  Site* const outer_;
  const uint32_t number_;
  std::optional<Nat> nat_;
  Firewall firewall_;
};

// 64:ff9b::/96 with `address` in its last 32 bits (RFC 6052 §2.1).
net::IpAddress Nat64Address(const net::IpAddress& address);
// The IPv4 address in such a one.
std::optional<net::IpAddress> FromNat64(const net::IpAddress& address);

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_SITE_H_
