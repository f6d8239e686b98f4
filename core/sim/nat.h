#ifndef WARREN_CORE_SIM_NAT_H_
#define WARREN_CORE_SIM_NAT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"

namespace warren::sim {

// What of the remote end a NAT looks at (RFC 4787 §4.1, §5).
enum class Depends : uint8_t { kNothing, kAddress, kAddressAndPort };

// How a NAT picks the public port of a new mapping (RFC 4787 §4.2).
enum class Ports : uint8_t {
  kPreserving,  // the local one; a random one if that is taken
  kSequential,  // the one after the last
  kRandom,
};

// How a NAT treats UDP.
struct NatKind {
  Depends mapping = Depends::kNothing;    // one public port for which remotes
  Depends filtering = Depends::kNothing;  // who may send to that port
  absl::Duration lifetime = absl::Minutes(2);
  Ports ports = Ports::kRandom;

  friend bool operator==(const NatKind&, const NatKind&) = default;
};
// No NAT at all behaves as the most permissive one does.
inline constexpr NatKind kOpen{Depends::kNothing, Depends::kNothing,
                               absl::InfiniteDuration()};
// What a home router does, and what a large company's does.
inline constexpr NatKind kEasyNat{Depends::kNothing, Depends::kAddressAndPort,
                                  absl::Minutes(2), Ports::kPreserving};
inline constexpr NatKind kHardNat{Depends::kAddressAndPort,
                                  Depends::kAddressAndPort};

// Whether two nodes behind such NATs can reach each other at the addresses
// that a third party sees, without guessing ports: the physics that a scenario
// holds the engine to.
bool DirectPathPossible(const NatKind& a, const NatKind& b);

// A NAT's table. No hairpinning. `seed` is where its random ports come from.
class Nat {
 public:
  Nat(const NatKind& kind, const net::IpAddress& public_address,
      uint64_t seed = 1)
      : kind_(kind), public_address_(public_address), rng_(seed) {}

  const net::IpAddress& public_address() const { return public_address_; }

  // The source that `to` sees of a datagram from `inside`.
  net::Endpoint Outbound(Instant now, const net::Endpoint& inside,
                         const net::Endpoint& to);
  // Whom a datagram `from` outside to our `port` reaches; nullopt: nobody.
  std::optional<net::Endpoint> Inbound(Instant now, const net::Endpoint& from,
                                       uint16_t port);
  // Forgets all mappings, as a restarted router does.
  void Reset() { mappings_.clear(), ports_.clear(); }

 private:
  struct Mapping {
    net::Endpoint inside;
    Instant last_sent;
    std::set<net::Endpoint> contacted;  // as far as filtering cares
  };
  // What of `remote` matters; the rest is zero.
  static net::Endpoint Part(Depends depends, const net::Endpoint& remote);
  bool Alive(Instant now, const Mapping& mapping) const {
    return now - mapping.last_sent < kind_.lifetime;
  }
  uint16_t NewPort(Instant now, uint16_t local);
  bool Free(Instant now, uint16_t port) const;

  NatKind kind_;
  net::IpAddress public_address_;
  SeededRng rng_;
  uint16_t next_port_ = 20000;
  std::map<uint16_t, Mapping> mappings_;  // by public port
  // By inside endpoint and the part of the remote that mapping depends on.
  std::map<std::pair<net::Endpoint, net::Endpoint>, uint16_t> ports_;
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_NAT_H_
