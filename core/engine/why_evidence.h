#ifndef WARREN_CORE_ENGINE_WHY_EVIDENCE_H_
#define WARREN_CORE_ENGINE_WHY_EVIDENCE_H_

#include <optional>

#include "core/engine/why_diagnosis.h"
#include "core/net/ip.h"

// What the reports say, for the diagnosis and its words.
namespace warren::engine {

// Packets and probes older than this say nothing of now.
inline constexpr absl::Duration kLately = absl::Seconds(60);

// The latest event of `kind` within kLately; null: none.
const WhyEvent* LatestOf(const WhyReport& report, path::ProbeKind kind);
// The one that tells of a direct path that was given up or is in doubt.
const WhyEvent* LatestLoss(const WhyReport& report);
// Since when the first probe of those lately was sent; nullopt: none was.
std::optional<absl::Duration> SearchingSince(const WhyReport& report);
// Whether anything of the other came by UDP, lately.
bool Hears(const WhyReport& report);

bool HasPublicV4(const WhyReport& report);  // no NAT before it
bool HasIpv6(const WhyReport& report);      // that others may reach
// The router that maps our port is not where the internet sees us.
bool HasDoubleNat(const WhyReport& report);
// The public IPv4 address; not set: unknown.
net::Endpoint PublicV4(const WhyReport& report);
// The private address of its main IPv4 socket; not set: none told.
net::Endpoint PrivateV4(const WhyReport& report);
// The /24 in which both have a private address.
std::optional<net::IpPrefix> SharedLan(const WhyReport& a, const WhyReport& b);

// The largest datagram that a full packet of the tunnel needs: 1280 bytes and
// WireGuard's 32.
inline constexpr uint16_t kFullDatagram = 1312;

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_WHY_EVIDENCE_H_
