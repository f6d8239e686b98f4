// The words of a diagnosis.

#include <string>

#include "absl/strings/str_cat.h"
#include "core/engine/why_diagnosis.h"
#include "core/engine/why_evidence.h"

namespace warren::engine {
namespace {

using path::ProbeKind;

// Who a sentence is about.
struct Words {
  const WhyEnd& local;
  const WhyEnd& remote;
  WhySide side;

  const WhyEnd& End() const {
    return side == WhySide::kRemote ? remote : local;
  }
  const WhyEnd& OtherEnd() const {
    return side == WhySide::kRemote ? local : remote;
  }
  const std::string& name() const { return End().name; }
  const std::string& other() const { return OtherEnd().name; }
  bool both() const { return side == WhySide::kBoth; }
  // "alice's network", "the networks of alice and bob".
  std::string Of(const char* thing) const {
    return both() ? absl::StrCat("the ", thing, "s of ", local.name, " and ",
                                 remote.name)
                  : absl::StrCat(name(), "'s ", thing);
  }
  std::string Names() const {
    return both() ? absl::StrCat(local.name, " and ", remote.name) : name();
  }
};

std::string Ago(absl::Duration ago) {
  if (ago < absl::Seconds(1)) return "less than 1 s ago";
  return absl::StrCat(absl::ToInt64Seconds(ago), " s ago");
}

// " (203.0.113.5)", or nothing when it is not known.
std::string Address(const net::Endpoint& endpoint) {
  return endpoint.IsSet()
             ? absl::StrCat(" (", endpoint.address().ToString(), ")")
             : "";
}

constexpr char kHard[] = "takes another port for each destination";

std::string DirectText(Cause cause, const Words& w) {
  const net::Endpoint& there = w.local.report.way.path.endpoint;
  switch (cause) {
    case Cause::kSameLan:
      return absl::StrCat(w.local.name, " and ", w.remote.name,
                          " are in one network");
    case Cause::kOverIpv6:
      return "both have IPv6, so there is no NAT between them";
    case Cause::kPublicAddress:
      return absl::StrCat(w.name(), " can be reached by everybody at ",
                          PublicV4(w.End().report).ToString());
    case Cause::kPortMapping:
      return absl::StrCat(w.name(), "'s router forwards ",
                          w.End().report.network.port_mapped.ToString(),
                          " to it, as it asked");
    case Cause::kBothEasy:
      return "both NATs keep one port for all destinations, so each end knows "
             "where to ask";
    case Cause::kPunched:
      return absl::StrCat(w.both() ? "both NATs take" : w.Of("NAT") + " takes",
                          " another port for each destination, and probing "
                          "found an open one");
    default:
      return absl::StrCat(w.remote.name, " answered a probe to ",
                          there.ToString());
  }
}

std::string LossText(const Words& w) {
  const WhyEvent* here = LatestLoss(w.local.report);
  const WhyEvent* loss = here != nullptr ? here : LatestLoss(w.remote.report);
  if (loss == nullptr) return "the direct path stopped answering";
  return absl::StrCat("the direct path by ", loss->endpoint.ToString(),
                      " stopped answering ", Ago(loss->ago));
}

std::string SearchText(Cause cause, const Words& w) {
  switch (cause) {
    case Cause::kPeerOffline:
      return absl::StrCat(w.name(),
                          " is offline: it is not connected to "
                          "control");
    case Cause::kNoAnswerAtAll:
      return absl::StrCat("control sees ", w.name(),
                          " online, but nothing of it arrives by any way");
    case Cause::kNoDiscoKey:
      return absl::StrCat(w.name(), " has told no key to probe it with");
    case Cause::kNoRelay:
      return absl::StrCat(w.name(), " is connected to no relay");
    case Cause::kCaptivePortal:
      return absl::StrCat(w.Of("network"), w.both() ? " want" : " wants",
                          " a sign-in first (captive portal)");
    case Cause::kUdpBlocked:
      return absl::StrCat(w.Of("network"), w.both() ? " block" : " blocks",
                          " UDP");
    case Cause::kNoCandidates:
      return absl::StrCat(w.Names(), w.both() ? " have" : " has",
                          " told no address to be reached at");
    case Cause::kLinkChanged:
      return absl::StrCat(w.Of("network"), " changed a moment ago");
    case Cause::kPathLost:
      return LossText(w);
    case Cause::kJustStarted:
      return "the search for a direct path has only just begun";
    default:
      return absl::StrCat("nothing was sent to ", w.remote.name,
                          " lately, so no direct path was looked for");
  }
}

std::string IsolatedText(const Words& w) {
  const auto lan = SharedLan(w.local.report, w.remote.report);
  return absl::StrCat(w.local.name, " and ", w.remote.name,
                      " are in one network",
                      lan ? absl::StrCat(" (", lan->ToString(), ")") : "",
                      " that passes nothing between its stations");
}

std::string NatText(Cause cause, const Words& w) {
  const std::string port =
      absl::StrCat("UDP port ", w.End().report.network.udp_port);
  switch (cause) {
    case Cause::kIsolatedLan:
      return IsolatedText(w);
    case Cause::kNoHairpin:
      return absl::StrCat("both are behind one address",
                          Address(PublicV4(w.local.report)),
                          ", whose router turns nothing back to its own side");
    case Cause::kBothHard:
      return absl::StrCat("both NATs are hard: ", w.local.name, "'s and ",
                          w.remote.name,
                          "'s each take another port for each "
                          "destination, so neither end knows where to ask");
    case Cause::kHardAndStrict:
      return absl::StrCat(w.name(), "'s NAT ", kHard, ", and ", w.other(),
                          "'s lets in only the ports that it asked");
    case Cause::kHardAndFirewall:
      return absl::StrCat(
          w.name(), "'s NAT ", kHard, ", and the firewall of ", w.other(),
          ", which has a public address, lets in only what it asked");
    case Cause::kFirewall:
      return absl::StrCat(w.name(), " has the public address ",
                          PublicV4(w.End().report).ToString(),
                          ", yet nothing of ", w.other(), " arrives at ", port,
                          " there: a firewall drops it");
    case Cause::kOneWay:
      return absl::StrCat("packets of ", w.other(), " do not reach ", w.name(),
                          " by UDP, though ", w.name(), "'s reach ", w.other(),
                          ": a firewall drops them");
    case Cause::kStockPeer:
      return absl::StrCat(w.name(),
                          " runs other software, which does not tell "
                          "what its network is like");
    default:
      return absl::StrCat(w.local.name, " and ", w.remote.name,
                          " ask each other, and nothing arrives: something "
                          "between drops UDP");
  }
}

std::string PunchText(const char* what, ProbeKind kind, const Words& w) {
  const WhyEvent* here = LatestOf(w.local.report, kind);
  const WhyEvent* event =
      here != nullptr ? here : LatestOf(w.remote.report, kind);
  return absl::StrCat(what, event == nullptr
                                ? ""
                                : absl::StrCat(" (", event->count, " probes)"));
}

std::string DetailText(Cause cause, const Words& w) {
  const WhyReport& report = w.End().report;
  switch (cause) {
    case Cause::kHardNat:
      return absl::StrCat(w.name(), "'s NAT ", kHard);
    case Cause::kPunching:
      return PunchText("ports are being probed now", ProbeKind::kPunchStarted,
                       w);
    case Cause::kPunchFailed:
      return PunchText("ports were probed, and none was found open",
                       ProbeKind::kPunchEnded, w);
    case Cause::kPortMapAbsent:
      return absl::StrCat(w.name(),
                          "'s router speaks neither UPnP, NAT-PMP nor PCP");
    case Cause::kPortMapFailed:
      return absl::StrCat(w.name(), "'s router refused to forward a port");
    case Cause::kDoubleNat:
      return absl::StrCat(w.name(),
                          "'s router is behind a NAT itself: its "
                          "address is ",
                          report.network.port_mapped.address().ToString(),
                          ", the internet sees ",
                          PublicV4(report).address().ToString());
    case Cause::kNoIpv6:
      return absl::StrCat(w.name(), " has no IPv6; ", w.other(), " has");
    case Cause::kSmallMtu:
      return absl::StrCat("the path carries no datagrams above ",
                          w.local.report.way.mtu_bytes, " bytes");
    case Cause::kPeerSilent:
      return absl::StrCat(w.name(),
                          " did not answer within 3 s, so this is "
                          "one end's view only");
    default:
      return absl::StrCat("what ", w.name(), "'s NAT is like is not known");
  }
}

// "UDP port 41641 to 192.168.1.5".
std::string PortTo(const WhyEnd& end) {
  const net::Endpoint inside = PrivateV4(end.report);
  const uint16_t port = end.report.network.udp_port;
  return absl::StrCat(
      "UDP port ", port != 0 ? absl::StrCat(port) : "of its endpoints", " to ",
      inside.IsSet() ? inside.address().ToString() : end.name);
}

std::string MapText(Remedy remedy, const Words& w) {
  switch (remedy) {
    case Remedy::kMapPort:
      return absl::StrCat("enable UPnP or NAT-PMP on ", w.name(),
                          "'s router, or forward ", PortTo(w.End()), " there");
    case Remedy::kForwardPort:
      return absl::StrCat("forward ", PortTo(w.End()), " on ", w.name(),
                          "'s router");
    default:
      return absl::StrCat("forward ", PortTo(w.End()), " on both routers of ",
                          w.name(), ", or let the inner one be a bridge");
  }
}

std::string AllowUdpText(const Words& w) {
  const uint16_t port = w.End().report.network.udp_port;
  const std::string from =
      w.both() || port == 0 ? "" : absl::StrCat(" from port ", port);
  return absl::StrCat("let UDP out of ", w.Of("network"), from,
                      " to any port, and the answers in");
}

}  // namespace

std::string TextOf(const Finding& finding, const WhyEnd& local,
                   const WhyEnd& remote) {
  const Words words{local, remote, finding.side};
  const Cause cause = finding.cause;
  if (cause < Cause::kPeerOffline) return DirectText(cause, words);
  if (cause < Cause::kIsolatedLan) return SearchText(cause, words);
  if (cause < Cause::kHardNat) return NatText(cause, words);
  return DetailText(cause, words);
}

std::string SuggestionOf(const Diagnosis& diagnosis, const WhyEnd& local,
                         const WhyEnd& remote) {
  const Words w{local, remote, diagnosis.where};
  switch (diagnosis.remedy) {
    case Remedy::kNothing:
      return "nothing: this is the best way there is";
    case Remedy::kWait:
      return absl::StrCat("nothing yet: `warren ping --until-direct ",
                          remote.name, "` tells when it is direct");
    case Remedy::kUseIt:
      return absl::StrCat("run `warren ping --until-direct ", remote.name,
                          "`, then ask again");
    case Remedy::kStartPeer:
      return absl::StrCat("see that ", w.name(),
                          " is switched on, has a "
                          "network, and that warrend runs there");
    case Remedy::kSignIn:
      return absl::StrCat("open a web page on ", w.Names(),
                          " and sign in to the network there");
    case Remedy::kAllowUdp:
      return AllowUdpText(w);
    case Remedy::kMapPort:
    case Remedy::kForwardPort:
    case Remedy::kForwardOuter:
      return MapText(diagnosis.remedy, w);
    case Remedy::kOpenFirewall:
      return absl::StrCat("let UDP port ", w.End().report.network.udp_port,
                          " in at the firewall of ", w.name());
    case Remedy::kHairpin:
      return absl::StrCat("turn on NAT loopback (hairpin) at the router",
                          Address(PublicV4(local.report)),
                          ", or put both into one network");
    case Remedy::kAllowStations:
      return "turn off client isolation (a guest network has it) at their "
             "access point or switch";
    case Remedy::kRelayReach:
      return absl::StrCat("see that ", w.name(),
                          " reaches a relay by TCP (`warren netcheck` there)");
    case Remedy::kRestart:
      return absl::StrCat("look at `warren status` on ", w.Names(),
                          "; restart warrend there");
    case Remedy::kInstallNative:
      return absl::StrCat("run Warren on ", w.name(),
                          " too: then it tells, and more NATs can be passed");
  }
  return "";
}

std::string NatTextOf(const WhyNetwork& network) {
  const net::NatBehavior& nat = network.nat;
  if (network.udp == UdpState::kBlocked) return "UDP blocked";
  if (nat.translates == false) return "none";
  if (nat.easy()) return "easy: one port for all";
  if (!nat.hard()) return "unknown";
  return nat.ports == net::PortAllocation::kSequential
             ? "hard: a port for each, in sequence"
             : "hard: a port for each destination";
}

}  // namespace warren::engine
