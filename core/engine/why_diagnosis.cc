#include "core/engine/why_diagnosis.h"

#include <algorithm>
#include <utility>

#include "core/engine/why_evidence.h"

namespace warren::engine {
namespace {

using net::Dependence;
using net::NatBehavior;
using path::PathKind;
using path::ProbeKind;

// A new network or a lost path mends itself within this time, if it can.
constexpr absl::Duration kMending = absl::Seconds(10);
// A search that can succeed without punching does so within this time, less
// than an ask waits for (WhyExchange::kPatience).
constexpr absl::Duration kSearch = absl::Milliseconds(1400);

// ---- What NATs allow (as core/sim/nat.h states it). ----

// What is not known is taken for what most routers do.
bool AdmitsAll(const NatBehavior& nat) {
  return nat.filtering == Dependence::kEndpointIndependent;
}
bool AdmitsAddress(const NatBehavior& nat) {
  return nat.filtering == Dependence::kAddressDependent;
}

// Whether packets from behind `other` pass to the port that STUN saw before
// `nat`, and the answers back.
bool Passes(const NatBehavior& other, const NatBehavior& nat) {
  if (AdmitsAll(nat)) {
    return nat.easy() || AdmitsAll(other) || AdmitsAddress(other);
  }
  return nat.easy() && (AdmitsAddress(nat) || other.easy());
}

// Without guessing ports.
bool Possible(const NatBehavior& a, const NatBehavior& b) {
  return Passes(a, b) || Passes(b, a);
}

bool Known(const WhyEnd& end) {
  return end.report.network.nat.mapping != Dependence::kUnknown;
}

// ---- Both ends at once. ----

struct Pair {
  const WhyEnd& local;
  const WhyEnd& remote;

  const WhyEnd& At(WhySide side) const {
    return side == WhySide::kRemote ? remote : local;
  }
  const NatBehavior& NatOf(WhySide side) const {
    return At(side).report.network.nat;
  }
  // The side or sides of which `holds` is true; nullopt: neither.
  template <class Predicate>
  std::optional<WhySide> Which(Predicate holds) const {
    const bool here = holds(local.report), there = holds(remote.report);
    if (here && there) return WhySide::kBoth;
    if (here) return WhySide::kLocal;
    if (there) return WhySide::kRemote;
    return std::nullopt;
  }
};

WhySide Other(WhySide side) {
  return side == WhySide::kLocal ? WhySide::kRemote : WhySide::kLocal;
}

// ---- Direct. ----

bool IsPortMapped(const WhyNetwork& network, const net::Endpoint& endpoint) {
  if (network.port_mapped == endpoint) return endpoint.IsSet();
  return std::ranges::any_of(
      network.endpoints, [&endpoint](const OwnEndpoint& own) {
        return own.origin == EndpointOrigin::kPortMapped &&
               own.endpoint == endpoint;
      });
}

Finding WhyDirect(const Pair& pair) {
  const net::Endpoint& there = pair.local.report.way.path.endpoint;
  const net::IpAddress& address = there.address();
  if (address.IsPrivate() || address.IsLinkLocal()) return {Cause::kSameLan};
  if (address.is_v6()) return {Cause::kOverIpv6};
  if (IsPortMapped(pair.remote.report.network, there)) {
    return {Cause::kPortMapping, WhySide::kRemote};
  }
  const path::Path& back = pair.remote.report.way.path;
  if (back.kind == PathKind::kDirect &&
      IsPortMapped(pair.local.report.network, back.endpoint)) {
    return {Cause::kPortMapping, WhySide::kLocal};
  }
  for (const WhySide side : {WhySide::kRemote, WhySide::kLocal}) {
    if (HasPublicV4(pair.At(side).report)) return {Cause::kPublicAddress, side};
  }
  const NatBehavior& here = pair.NatOf(WhySide::kLocal);
  const NatBehavior& far = pair.NatOf(WhySide::kRemote);
  if (here.easy() && far.easy()) return {Cause::kBothEasy};
  if (here.hard() || far.hard()) {
    for (const WhySide side : {WhySide::kRemote, WhySide::kLocal}) {
      const NatBehavior& nat = pair.NatOf(side);
      if (nat.easy() && AdmitsAll(nat)) return {Cause::kPublicAddress, side};
    }
    const bool known = Known(pair.local) && Known(pair.remote);
    if (known && !Possible(here, far)) {
      const auto side =
          pair.Which([](const WhyReport& r) { return r.network.nat.hard(); });
      return {Cause::kPunched, *side};
    }
  }
  return {Cause::kBothAsked};
}

// ---- Not direct. ----

// What keeps even the search from beginning.
std::optional<Finding> WhyNoSearch(const Pair& pair) {
  const WhyEnd& remote = pair.remote;
  const WhyWay& way = pair.local.report.way;
  if (!remote.answered && !remote.online) {
    return Finding{Cause::kPeerOffline, WhySide::kRemote};
  }
  if (const auto side = pair.Which(
          [](const WhyReport& r) { return r.network.captive_portal; })) {
    return Finding{Cause::kCaptivePortal, *side};
  }
  if (way.path.kind == PathKind::kNone && way.relay == RelayId()) {
    const bool theirs = pair.local.report.network.home_relay != RelayId();
    return Finding{Cause::kNoRelay,
                   theirs ? WhySide::kRemote : WhySide::kLocal};
  }
  if (!way.has_disco_key) {
    return Finding{Cause::kNoDiscoKey, WhySide::kRemote};
  }
  if (const auto side = pair.Which([](const WhyReport& r) {
        return r.network.udp == UdpState::kBlocked;
      })) {
    return Finding{Cause::kUdpBlocked, *side};
  }
  if (!remote.answered && !way.has_session) {
    return Finding{Cause::kNoAnswerAtAll, WhySide::kRemote};
  }
  if (const auto side = pair.Which([](const WhyReport& r) {
        return r.network.endpoints.empty() && !Hears(r);
      })) {
    return Finding{Cause::kNoCandidates, *side};
  }
  return std::nullopt;
}

// What time may mend.
std::optional<Finding> WhyNotYet(const Pair& pair) {
  if (const auto side = pair.Which([](const WhyReport& r) {
        const WhyEvent* change = LatestOf(r, ProbeKind::kLinkChanged);
        return change != nullptr && change->ago < kMending;
      })) {
    return Finding{Cause::kLinkChanged, *side};
  }
  if (pair.Which([](const WhyReport& r) {
        const WhyEvent* loss = LatestLoss(r);
        return loss != nullptr && loss->ago < kMending;
      })) {
    return Finding{Cause::kPathLost, WhySide::kBoth};
  }
  if (!SearchingSince(pair.local.report)) {
    return Finding{Cause::kNotWanted, WhySide::kBoth};
  }
  return std::nullopt;
}

std::optional<Finding> WhyBehindOneAddress(const Pair& pair) {
  const net::Endpoint here = PublicV4(pair.local.report);
  const net::Endpoint there = PublicV4(pair.remote.report);
  if (!here.IsSet() || here.address() != there.address()) return std::nullopt;
  if (SharedLan(pair.local.report, pair.remote.report)) {
    return Finding{Cause::kIsolatedLan, WhySide::kBoth};
  }
  if (pair.NatOf(WhySide::kLocal).hairpins == true) return std::nullopt;
  return Finding{Cause::kNoHairpin, WhySide::kBoth};
}

std::optional<Finding> WhyNatsForbid(const Pair& pair) {
  const NatBehavior& here = pair.NatOf(WhySide::kLocal);
  const NatBehavior& there = pair.NatOf(WhySide::kRemote);
  if (!Known(pair.local) || !Known(pair.remote) || Possible(here, there)) {
    return std::nullopt;
  }
  if (here.hard() && there.hard()) {
    return Finding{Cause::kBothHard, WhySide::kBoth};
  }
  const WhySide hard = here.hard() ? WhySide::kLocal : WhySide::kRemote;
  const bool open = HasPublicV4(pair.At(Other(hard)).report);
  return Finding{open ? Cause::kHardAndFirewall : Cause::kHardAndStrict, hard};
}

// NATs would let it pass, and yet it does not.
Finding WhyLost(const Pair& pair) {
  const bool here = Hears(pair.local.report);
  const bool there = Hears(pair.remote.report);
  const auto since = SearchingSince(pair.local.report);
  if (since && *since < kSearch && !here) {
    return {Cause::kJustStarted, WhySide::kBoth};
  }
  if (!pair.remote.answered && !pair.remote.native) {
    return {Cause::kStockPeer, WhySide::kRemote};
  }
  if (pair.remote.answered && here != there) {
    const WhySide deaf = here ? WhySide::kRemote : WhySide::kLocal;
    const bool open = HasPublicV4(pair.At(deaf).report);
    return {open ? Cause::kFirewall : Cause::kOneWay, deaf};
  }
  if (!here) {
    for (const WhySide side : {WhySide::kRemote, WhySide::kLocal}) {
      if (HasPublicV4(pair.At(side).report)) return {Cause::kFirewall, side};
    }
  }
  return {Cause::kNothingPasses, WhySide::kBoth};
}

Finding WhyNotDirect(const Pair& pair) {
  if (const auto cause = WhyNoSearch(pair)) return *cause;
  if (const auto cause = WhyNotYet(pair)) return *cause;
  if (const auto cause = WhyBehindOneAddress(pair)) return *cause;
  if (const auto cause = WhyNatsForbid(pair)) return *cause;
  return WhyLost(pair);
}

// ---- What adds to it. ----

void AddPunch(const Pair& pair, std::vector<Finding>& details) {
  const WhyEvent* started = nullptr;
  const WhyEvent* ended = nullptr;
  for (const WhySide side : {WhySide::kLocal, WhySide::kRemote}) {
    const WhyReport& report = pair.At(side).report;
    if (started == nullptr)
      started = LatestOf(report, ProbeKind::kPunchStarted);
    if (ended == nullptr) ended = LatestOf(report, ProbeKind::kPunchEnded);
  }
  if (ended != nullptr && (started == nullptr || ended->ago < started->ago)) {
    details.push_back({Cause::kPunchFailed, WhySide::kBoth});
  } else if (started != nullptr) {
    details.push_back({Cause::kPunching, WhySide::kBoth});
  }
}

// What of the network of `side` is in the way of a direct path.
// `mapping_helps`: a mapped port would be one.
void AddNetwork(const Pair& pair, WhySide side, bool mapping_helps,
                std::vector<Finding>& details) {
  const WhyReport& report = pair.At(side).report;
  const WhyNetwork& network = report.network;
  if (network.udp == UdpState::kBlocked || HasPublicV4(report)) return;
  if (network.nat.hard()) details.push_back({Cause::kHardNat, side});
  if (!mapping_helps) return;
  if (HasDoubleNat(report)) {
    details.push_back({Cause::kDoubleNat, side});
  } else if (network.port_map == PortMapState::kFailed) {
    details.push_back({Cause::kPortMapFailed, side});
  } else if (network.port_map == PortMapState::kAbsent) {
    details.push_back({Cause::kPortMapAbsent, side});
  }
  const bool told = side == WhySide::kLocal || pair.remote.answered;
  if (!Known(pair.At(side)) && told) {
    details.push_back({Cause::kNatUnknown, side});
  }
}

// Whether the cause lies in what lies between the two, not in time or absence.
bool IsOfNetworks(Cause cause) {
  return cause >= Cause::kUdpBlocked && cause <= Cause::kStockPeer &&
         (cause < Cause::kLinkChanged || cause > Cause::kNotWanted);
}

std::vector<Finding> DetailsOf(const Pair& pair, const Diagnosis& diagnosis) {
  std::vector<Finding> details;
  if (diagnosis.verdict != Verdict::kDirect) {
    AddPunch(pair, details);
    if (IsOfNetworks(diagnosis.cause.cause)) {
      const bool mapping_helps = diagnosis.cause.cause > Cause::kNoHairpin;
      AddNetwork(pair, WhySide::kLocal, mapping_helps, details);
      AddNetwork(pair, WhySide::kRemote, mapping_helps, details);
    }
    const bool here = HasIpv6(pair.local.report);
    const bool there = HasIpv6(pair.remote.report);
    if (here != there) {
      details.push_back(
          {Cause::kNoIpv6, here ? WhySide::kRemote : WhySide::kLocal});
    }
  } else if (const uint16_t mtu = pair.local.report.way.mtu_bytes;
             mtu != 0 && mtu < kFullDatagram) {
    details.push_back({Cause::kSmallMtu, WhySide::kBoth});
  }
  if (!pair.remote.answered && diagnosis.cause.cause != Cause::kPeerOffline) {
    details.push_back(
        {pair.remote.native ? Cause::kPeerSilent : Cause::kStockPeer,
         WhySide::kRemote});
  }
  std::erase_if(details, [&diagnosis](const Finding& detail) {
    // A hard NAT is part of these causes' words.
    const Cause cause = diagnosis.cause.cause;
    return detail == diagnosis.cause ||
           (detail.cause == Cause::kHardNat &&
            (cause == Cause::kBothHard || cause == Cause::kHardAndStrict ||
             cause == Cause::kHardAndFirewall));
  });
  return details;
}

// ---- What to do. ----

bool Has(const Diagnosis& diagnosis, Cause cause, WhySide side) {
  return std::ranges::find(diagnosis.details, Finding{cause, side}) !=
         diagnosis.details.end();
}

std::pair<Remedy, WhySide> MapPort(const Diagnosis& d, WhySide side) {
  if (Has(d, Cause::kDoubleNat, side)) return {Remedy::kForwardOuter, side};
  if (Has(d, Cause::kPortMapFailed, side)) return {Remedy::kForwardPort, side};
  return {Remedy::kMapPort, side};
}

// One mapped port is enough: where it is the least work, `first` if equal.
std::pair<Remedy, WhySide> MapEither(const Diagnosis& d, WhySide first) {
  const auto here = MapPort(d, first), there = MapPort(d, Other(first));
  return there.first < here.first ? there : here;
}

// Whether ports are being probed, or soon will be.
bool MayPunch(const Pair& pair, const Diagnosis& d) {
  if (Has(d, Cause::kPunching, WhySide::kBoth)) return true;
  const auto since = SearchingSince(pair.local.report);
  return pair.remote.native && since && *since < kMending &&
         !Has(d, Cause::kPunchFailed, WhySide::kBoth);
}

std::pair<Remedy, WhySide> RemedyOf(const Pair& pair, const Diagnosis& d) {
  const WhySide side = d.cause.side;
  switch (d.cause.cause) {
    case Cause::kPeerOffline:
      return {Remedy::kStartPeer, side};
    case Cause::kNoAnswerAtAll:
    case Cause::kNoDiscoKey:
    case Cause::kNoCandidates:
      return {Remedy::kRestart, side};
    case Cause::kNoRelay:
      return {Remedy::kRelayReach, side};
    case Cause::kCaptivePortal:
      return {Remedy::kSignIn, side};
    case Cause::kUdpBlocked:
      return {Remedy::kAllowUdp, side};
    case Cause::kLinkChanged:
    case Cause::kPathLost:
    case Cause::kJustStarted:
      return {Remedy::kWait, WhySide::kBoth};
    case Cause::kNotWanted:
      return {Remedy::kUseIt, WhySide::kBoth};
    case Cause::kIsolatedLan:
      return {Remedy::kAllowStations, side};
    case Cause::kNoHairpin:
      return {Remedy::kHairpin, side};
    case Cause::kBothHard:
      // Ports that follow a rule can be predicted.
      if (Has(d, Cause::kPunching, WhySide::kBoth)) {
        return {Remedy::kWait, WhySide::kBoth};
      }
      return MapEither(d, WhySide::kLocal);
    case Cause::kHardAndStrict:
      if (MayPunch(pair, d)) {
        return {Remedy::kWait, WhySide::kBoth};
      }
      return MapEither(d, side);
    case Cause::kHardAndFirewall:
      return {Remedy::kOpenFirewall, Other(side)};
    case Cause::kFirewall:
    case Cause::kOneWay:
      return {Remedy::kOpenFirewall, side};
    case Cause::kNothingPasses:
      return MapEither(d, WhySide::kLocal);
    case Cause::kStockPeer:
      return pair.NatOf(WhySide::kLocal).hard()
                 ? MapPort(d, WhySide::kLocal)
                 : std::pair(Remedy::kInstallNative, WhySide::kRemote);
    default:
      return {Remedy::kNothing, WhySide::kBoth};
  }
}

}  // namespace

Diagnosis Diagnose(const WhyEnd& local, const WhyEnd& remote) {
  const Pair pair{local, remote};
  Diagnosis diagnosis;
  switch (local.report.way.path.kind) {
    case PathKind::kDirect:
      diagnosis.verdict = Verdict::kDirect;
      break;
    case PathKind::kRelay:
      diagnosis.verdict = Verdict::kRelayed;
      break;
    case PathKind::kNone:
      diagnosis.verdict = Verdict::kNoWay;
      break;
  }
  diagnosis.cause = diagnosis.verdict == Verdict::kDirect ? WhyDirect(pair)
                                                          : WhyNotDirect(pair);
  // By relay: only if somebody at the relay listens.
  if (diagnosis.cause.cause == Cause::kPeerOffline ||
      diagnosis.cause.cause == Cause::kNoAnswerAtAll) {
    diagnosis.verdict = Verdict::kNoWay;
  }
  diagnosis.details = DetailsOf(pair, diagnosis);
  std::tie(diagnosis.remedy, diagnosis.where) = RemedyOf(pair, diagnosis);
  return diagnosis;
}

}  // namespace warren::engine
