#ifndef WARREN_CORE_SIM_NAT_H_
#define WARREN_CORE_SIM_NAT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

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
  kSequential,  // the one `step` after the last
  kRandom,
};

// How a NAT treats UDP.
struct NatKind {
  Depends mapping = Depends::kNothing;    // one public port for which remotes
  Depends filtering = Depends::kNothing;  // who may send to that port
  absl::Duration lifetime = absl::Minutes(2);
  Ports ports = Ports::kRandom;
  int16_t step = 1;
  uint16_t first_port = 1024;  // of the ports it gives out, unless preserved
  uint32_t num_ports = 64512;
  bool refreshed_from_outside = false;  // by what it lets in, too (§4.3)
  bool hairpins = false;                // with the external source (§6)
  // What it does not let in stays in its table nevertheless, for 30 s, and
  // holds the place that a datagram of a host inside then needs: that one gets
  // another port ("conntrack poisoning").
  bool remembers_strangers = false;

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

// A NAT's table. The inside may be IPv6 (NAT64). As Linux does, it answers
// from the port that a datagram came in by, whatever its mapping depends on.
class Nat {
 public:
  // `seed` is where its random ports come from.
  Nat(const NatKind& kind, const net::IpAddress& public_address,
      uint64_t seed = 1)
      : kind_(kind), public_address_(public_address), rng_(seed) {}

  const NatKind& kind() const { return kind_; }
  const net::IpAddress& public_address() const { return public_address_; }

  // The source that `to` sees of a datagram from `inside`; nullopt: no port is
  // left, and it is dropped.
  std::optional<net::Endpoint> Outbound(Instant now,
                                        const net::Endpoint& inside,
                                        const net::Endpoint& to);
  // Whom a datagram `from` outside to our `port` reaches; nullopt: nobody.
  std::optional<net::Endpoint> Inbound(Instant now, const net::Endpoint& from,
                                       uint16_t port);
  // Lets everybody in to `inside` by the port returned until `until`, as a host
  // asked by NAT-PMP; the same one as before, if there was one.
  uint16_t Forward(Instant now, const net::Endpoint& inside, Instant until);
  // Forgets all mappings, but not what it forwards.
  void Reset();
  // It has another address; the mappings of the old one are gone.
  void SetAddress(const net::IpAddress& public_address);

 private:
  struct Mapping {
    net::Endpoint inside;
    Instant last_used;
    std::map<net::Endpoint, Instant> contacted;  // what filtering cares for
  };
  using Pair = std::pair<net::Endpoint, net::Endpoint>;  // inside, remote
  // The port of a mapping that lives, for `key` in `table`.
  std::optional<uint16_t> Find(Instant now,
                               const std::map<Pair, uint16_t>& table,
                               const Pair& key) const;
  std::optional<uint16_t> PortFor(Instant now, const Pair& pair);
  std::optional<uint16_t> NewPort(Instant now, uint16_t local);
  std::optional<net::Endpoint> Accept(Instant now, const net::Endpoint& from,
                                      uint16_t port, Mapping& mapping);
  bool Contacted(Instant now, const Mapping& mapping,
                 const net::Endpoint& remote) const;
  bool HeldByStranger(Instant now, uint16_t port,
                      const net::Endpoint& remote) const;
  bool Alive(Instant now, Instant used) const {
    return now - used < kind_.lifetime;
  }
  bool Free(Instant now, uint16_t port) const;

  struct Forwarding {
    net::Endpoint inside;
    Instant until;
  };
  NatKind kind_;
  net::IpAddress public_address_;
  SeededRng rng_;
  int64_t last_given_ = 4096;             // of num_ports, if sequential
  std::map<uint16_t, Mapping> mappings_;  // by public port
  // By inside and the part of the remote that mapping depends on.
  std::map<Pair, uint16_t> ports_;
  // By inside and remote: exceptions, where the remote came in first.
  std::map<Pair, uint16_t> answers_;
  std::map<uint16_t, Forwarding> forwarded_;
  std::map<std::pair<uint16_t, net::Endpoint>, Instant> strangers_;
};

// A stateful firewall: lets in the answers to what went out. It translates
// nothing.
class Firewall {
 public:
  explicit Firewall(Depends filtering) : filtering_(filtering) {}

  void NoteSent(Instant now, const net::Endpoint& inside,
                const net::Endpoint& to);
  bool Admits(Instant now, const net::Endpoint& from,
              const net::Endpoint& inside) const;
  void Reset() { sent_.clear(); }

 private:
  static constexpr absl::Duration kLifetime = absl::Minutes(2);
  Depends filtering_;
  std::map<std::pair<net::Endpoint, net::Endpoint>, Instant> sent_;
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_NAT_H_
