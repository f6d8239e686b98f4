#include "core/sim/oracle.h"

#include <algorithm>

namespace warren::sim {
namespace {

bool IsHard(const NatKind& nat) { return nat.mapping != Depends::kNothing; }

bool HasWayToV4(const SiteKind& site) { return site.v4 || site.nat64; }

}  // namespace

const char* NameOf(Reach reach) {
  switch (reach) {
    case Reach::kDirect:
      return "direct";
    case Reach::kDirectByBirthday:
      return "direct by birthday probing";
    case Reach::kDirectByPrediction:
      return "direct by prediction";
    case Reach::kRelayOnly:
      return "relay only";
  }
  return "?";
}

NatKind SeenAs(const Place& place) {
  NatKind seen = place.site.nat;
  if (!place.site.translates()) {
    // A firewall is a NAT that changes nothing.
    seen = kOpen;
    seen.filtering = place.site.firewall;
  } else if (place.site.mapper == Mapper::kHonest && !place.carrier) {
    seen.filtering = Depends::kNothing;
  }
  if (!place.carrier) return seen;
  // A chain varies as its most varying part does, and admits what all admit.
  seen.mapping = std::max(seen.mapping, place.carrier->mapping);
  seen.filtering = std::max(seen.filtering, place.carrier->filtering);
  if (place.carrier->ports != Ports::kPreserving) {
    seen.ports = place.carrier->ports;
  }
  seen.remembers_strangers |= place.carrier->remembers_strangers;
  return seen;
}

Reach ReachOf(const NatKind& a, const NatKind& b) {
  // Who lets strangers in learns from the first datagram where they are.
  if (a.filtering == Depends::kNothing || b.filtering == Depends::kNothing) {
    return Reach::kDirect;
  }
  if (IsHard(a) && IsHard(b)) {
    const bool by_rule = a.ports != Ports::kRandom && b.ports != Ports::kRandom;
    return by_rule ? Reach::kDirectByPrediction : Reach::kRelayOnly;
  }
  if (!IsHard(a) && !IsHard(b)) return Reach::kDirect;
  // The port of the hard side is unknown: does the other side mind?
  const NatKind& easy = IsHard(a) ? b : a;
  return easy.filtering == Depends::kAddress ? Reach::kDirect
                                             : Reach::kDirectByBirthday;
}

Reach ReachOf(const Place& a, const Place& b) {
  if (a.site_id == b.site_id) return Reach::kDirect;
  if (a.site.udp_blocked || b.site.udp_blocked) return Reach::kRelayOnly;
  // Nothing translates IPv6, so both sides can open their firewalls.
  if (a.site.v6 && b.site.v6) return Reach::kDirect;
  if (!HasWayToV4(a.site) || !HasWayToV4(b.site)) return Reach::kRelayOnly;
  if (a.carrier && b.carrier && a.carrier_id == b.carrier_id &&
      !a.carrier->hairpins) {
    return Reach::kRelayOnly;
  }
  return ReachOf(SeenAs(a), SeenAs(b));
}

bool IsSure(const Place& a, const Place& b) {
  return a.site_id == b.site_id ||
         (!SeenAs(a).remembers_strangers && !SeenAs(b).remembers_strangers);
}

}  // namespace warren::sim
