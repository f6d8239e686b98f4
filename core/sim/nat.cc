#include "core/sim/nat.h"

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
  auto it = mappings_.find(key);
  if (it == mappings_.end() || !Alive(now, it->second)) {
    it = mappings_.insert_or_assign(key, Mapping{next_port_++, now, {}}).first;
  }
  it->second.last_sent = now;
  it->second.contacted.insert(Part(kind_.filtering, to));
  return {public_address_, it->second.port};
}

std::optional<net::Endpoint> Nat::Inbound(Instant now,
                                          const net::Endpoint& from,
                                          uint16_t port) {
  for (const auto& [key, mapping] : mappings_) {
    if (mapping.port != port || !Alive(now, mapping)) continue;
    if (mapping.contacted.contains(Part(kind_.filtering, from))) {
      return key.first;
    }
  }
  return std::nullopt;
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
