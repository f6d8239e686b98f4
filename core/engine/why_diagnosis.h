#ifndef WARREN_CORE_ENGINE_WHY_DIAGNOSIS_H_
#define WARREN_CORE_ENGINE_WHY_DIAGNOSIS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/engine/why.h"

// Why two nodes reach each other as they do: a pure function of what both ends
// say. The words are in why_text.cc.
namespace warren::engine {

// One end as the diagnosis knows it. Without its answer `report` holds what is
// known all the same: what it told before, and the netmap.
struct WhyEnd {
  std::string name;
  WhyReport report;
  bool answered = false;
  bool native = false;  // it is a Warren node; else perhaps a stock client
  bool online = false;  // control says so

  friend bool operator==(const WhyEnd&, const WhyEnd&) = default;
};

enum class WhySide : uint8_t { kLocal, kRemote, kBoth };

// What makes the way what it is. The first group explains a direct one. Add
// at the end of a group; CodeOf() names are stable, the values are not.
enum class Cause : uint8_t {
  kSameLan,        // at an address of a shared network
  kOverIpv6,       // at an IPv6 address: no NAT between
  kPublicAddress,  // `side` can be reached by everybody
  kPortMapping,    // the router of `side` forwards a port to it
  kBothEasy,       // both NATs keep one port, so both told it and asked
  kPunched,        // in spite of a hard NAT at `side`: ports were probed
  kBothAsked,      // it works, and nothing is known of the NATs

  kPeerOffline,      // control has not heard of the peer
  kNoAnswerAtAll,    // online, but no packet of it comes by any way
  kNoDiscoKey,       // the peer cannot be probed: it told no key
  kNoRelay,          // no relay to reach `side` by, and no direct way
  kCaptivePortal,    // the network of `side` wants a sign-in first
  kUdpBlocked,       // no UDP passes the network of `side`
  kNoCandidates,     // `side` told no address where it may be reached
  kLinkChanged,      // `side` has another network since moments
  kPathLost,         // a direct way worked until moments ago
  kJustStarted,      // the search began moments ago
  kNotWanted,        // no traffic: nobody looks for a direct way
  kIsolatedLan,      // one network, whose stations may not speak to each other
  kNoHairpin,        // behind one address, whose router does not turn back
  kBothHard,         // each NAT takes another port for each destination
  kHardAndStrict,    // `side` is hard; the other lets in known ports only
  kHardAndFirewall,  // `side` is hard; the other is public behind a firewall
  kFirewall,         // a firewall at `side`, which has a public address
  kOneWay,           // UDP passes one way; it is lost towards `side`
  kNothingPasses,    // both ask, nothing arrives; no reason is visible
  kStockPeer,        // the peer tells nothing of its network: a stock client

  // What adds to the others.
  kHardNat,        // `side` takes another port for each destination
  kPunching,       // ports are being probed now
  kPunchFailed,    // they were, in vain
  kPortMapAbsent,  // no router of `side` answers
  kPortMapFailed,  // it answers and refuses
  kDoubleNat,      // the router of `side` is itself behind a NAT
  kNoIpv6,         // only the other has IPv6
  kSmallMtu,       // large packets do not fit through the path
  kPeerSilent,     // the peer's half of this report is missing
  kNatUnknown,     // nothing is known of the NAT of `side`
};
// For scripts: "udp_blocked".
const char* CodeOf(Cause cause);

struct Finding {
  Cause cause = Cause::kNothingPasses;
  WhySide side = WhySide::kBoth;
  friend bool operator==(const Finding&, const Finding&) = default;
};

// The one thing to do.
enum class Remedy : uint8_t {
  kNothing,        // it is as good as it gets
  kWait,           // it is about to change by itself
  kUseIt,          // send something, then it will be looked for
  kStartPeer,      // the device or its daemon is off
  kSignIn,         // to the captive portal of `side`
  kAllowUdp,       // out of the network of `side`
  kMapPort,        // UPnP or NAT-PMP on the router of `side`, or forward
  kForwardPort,    // by hand, on the router of `side`
  kForwardOuter,   // on both routers of `side`
  kOpenFirewall,   // of `side`, for its UDP port
  kHairpin,        // on the router that both share
  kAllowStations,  // to speak to each other, in the shared network
  kRelayReach,     // the relays must be reachable for `side`
  kRestart,        // the daemon of `side`
  kInstallNative,  // on the peer
};
const char* CodeOf(Remedy remedy);

enum class Verdict : uint8_t { kDirect, kRelayed, kNoWay };
const char* CodeOf(Verdict verdict);

struct Diagnosis {
  Verdict verdict = Verdict::kNoWay;
  Finding cause;
  std::vector<Finding> details;  // what adds to it, most telling first
  Remedy remedy = Remedy::kNothing;
  WhySide where = WhySide::kBoth;  // `remedy` is for

  friend bool operator==(const Diagnosis&, const Diagnosis&) = default;
};

// `local` asked `remote`.
Diagnosis Diagnose(const WhyEnd& local, const WhyEnd& remote);

// ---- The words: whole clauses without a full stop. ----

// "alice's network blocks UDP".
std::string TextOf(const Finding& finding, const WhyEnd& local,
                   const WhyEnd& remote);
// "let UDP out of alice's network, from port 41641 to any".
std::string SuggestionOf(const Diagnosis& diagnosis, const WhyEnd& local,
                         const WhyEnd& remote);
// For a table: "hard: a port for each destination".
std::string NatTextOf(const WhyNetwork& network);

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_WHY_DIAGNOSIS_H_
