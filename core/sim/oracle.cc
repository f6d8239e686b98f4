#include "core/sim/oracle.h"

#include <algorithm>

namespace warren::sim {
namespace {

// All NATs and firewalls of a place, as the internet sees them in IPv4.
struct Seen {
  Depends filtering = Depends::kNothing;  // the strictest
  // Towards everybody it has the port that it was told to have by one.
  bool steady = true;
  // Who is written to may answer to that port, as far as `filtering` goes.
  bool told_port_opens = true;
  Ports ports = Ports::kPreserving;
};

Seen SeenAs(const Place& place) {
  NatKind inner = place.site.nat;
  if (!place.site.translates()) {
    // A firewall is a NAT that changes nothing.
    inner = kOpen;
    inner.filtering = place.site.firewall;
  } else if (place.site.mapper == Mapper::kHonest && !place.carrier) {
    inner.filtering = Depends::kNothing;
  }
  Seen seen;
  for (const NatKind& nat : {inner, place.carrier.value_or(kOpen)}) {
    seen.steady &= nat.mapping == Depends::kNothing;
    // What passes here depends on what passed by this very port.
    if (nat.filtering != Depends::kNothing) seen.told_port_opens &= seen.steady;
    seen.filtering = std::max(seen.filtering, nat.filtering);
    if (nat != kOpen && nat.ports != Ports::kPreserving) seen.ports = nat.ports;
  }
  return seen;
}

// Whether a ping from one passes to the other, at the port it told. The answer,
// to where the ping came from and by the same port, then passes, too.
bool Passes(const Seen& from, const Seen& to) {
  if (to.filtering == Depends::kNothing) return true;
  if (!to.told_port_opens) return false;
  return to.filtering == Depends::kAddress || from.steady;
}

Reach Judge(const Seen& a, const Seen& b) {
  if (Passes(a, b) || Passes(b, a)) return Reach::kDirect;
  if (a.told_port_opens || b.told_port_opens ||
      std::min(a.filtering, b.filtering) == Depends::kAddress) {
    return Reach::kDirectByBirthday;
  }
  const bool by_rule = a.ports != Ports::kRandom && b.ports != Ports::kRandom;
  return by_rule ? Reach::kDirectByPrediction : Reach::kRelayOnly;
}

bool HasWayToV4(const SiteKind& site) { return site.v4 || site.nat64; }

bool IsRace(const Place& place) {
  return place.site.nat.remembers_strangers ||
         (place.carrier && place.carrier->remembers_strangers);
}

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

Reach ReachOf(const NatKind& a, const NatKind& b) {
  return Judge(SeenAs({.site = {.nat = a}}), SeenAs({.site = {.nat = b}}));
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
  return Judge(SeenAs(a), SeenAs(b));
}

bool IsSure(const Place& a, const Place& b) {
  if (a.site_id == b.site_id) return true;
  if (IsRace(a) || IsRace(b)) return false;
  if (ReachOf(a, b) == Reach::kDirect) return true;
  const auto is_hard = [](const Seen& seen) { return !seen.told_port_opens; };
  const auto is_lucky = [](const Seen& seen) {
    return !seen.steady && seen.ports == Ports::kPreserving;
  };
  // A port that opens, but is not the one that guesses come from.
  const auto scatters = [&](const Seen& s) { return !s.steady && !is_hard(s); };
  const Seen one = SeenAs(a), other = SeenAs(b);
  return !is_lucky(one) && !is_lucky(other) && !scatters(one) &&
         !scatters(other);
}

}  // namespace warren::sim
