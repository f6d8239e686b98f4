#include "core/sim/nat.h"

#include <algorithm>

namespace warren::sim {
namespace {

// Whether a packet of `other` passes to the address that a third party sees of
// a node behind `nat`, which sends to the address it sees of `other`; and
// whether the answer, to where the packet came from, passes too.
bool Passes(const NatKind& other, const NatKind& nat) {
  if (nat.filtering == Depends::kNothing) {
    // The answer may come from another port than the one `other` wrote to.
    return nat.mapping == Depends::kNothing ||
           other.filtering != Depends::kAddressAndPort;
  }
  if (nat.mapping != Depends::kNothing) return false;
  return nat.filtering == Depends::kAddress ||
         other.mapping == Depends::kNothing;
}

}  // namespace

bool DirectPathPossible(const NatKind& a, const NatKind& b) {
  // The first packet that passes shows the way back.
  return Passes(a, b) || Passes(b, a);
}

net::Endpoint Nat::Outbound(Instant now, const net::Endpoint& inside,
                            const net::Endpoint& to) {
  const std::pair key(inside, Part(kind_.mapping, to));
  auto it = ports_.find(key);
  if (it == ports_.end() || !Alive(now, mappings_.at(it->second)) ||
      mappings_.at(it->second).inside != inside) {
    const uint16_t port = NewPort(now, inside.port());
    mappings_[port] = Mapping{inside, now, {}};
    it = ports_.insert_or_assign(key, port).first;
  }
  Mapping& mapping = mappings_.at(it->second);
  mapping.last_sent = now;
  mapping.contacted.insert(Part(kind_.filtering, to));
  return {public_address_, it->second};
}

std::optional<net::Endpoint> Nat::Inbound(Instant now,
                                          const net::Endpoint& from,
                                          uint16_t port) {
  const auto it = mappings_.find(port);
  if (it == mappings_.end() || !Alive(now, it->second) ||
      !it->second.contacted.contains(Part(kind_.filtering, from))) {
    return std::nullopt;
  }
  return it->second.inside;
}

uint16_t Nat::NewPort(Instant now, uint16_t local) {
  constexpr uint16_t kFirst = 1024;
  if (kind_.ports == Ports::kPreserving && Free(now, local)) return local;
  uint16_t port = next_port_;
  do {
    port = kind_.ports == Ports::kSequential
               ? std::max(kFirst, next_port_++)
               : static_cast<uint16_t>(kFirst + rng_.Below(65536 - kFirst));
  } while (!Free(now, port));
  return port;
}

bool Nat::Free(Instant now, uint16_t port) const {
  const auto it = mappings_.find(port);
  return it == mappings_.end() || !Alive(now, it->second);
}

net::Endpoint Nat::Part(Depends depends, const net::Endpoint& remote) {
  switch (depends) {
    case Depends::kNothing:
      return {};
    case Depends::kAddress:
      return {remote.address(), 1};
    case Depends::kAddressAndPort:
      return remote;
  }
  return {};
}

}  // namespace warren::sim
