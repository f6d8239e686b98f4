// The names of causes and remedies for scripts: stable.

#include <array>
#include <cstddef>

#include "core/engine/why_diagnosis.h"

namespace warren::engine {
namespace {

// In the order of the enums.
constexpr auto kCauses = std::to_array<const char*>(
    {"same_lan",        "over_ipv6",         "public_address",
     "port_mapping",    "both_easy",         "punched",
     "both_asked",      "peer_offline",      "no_answer_at_all",
     "no_disco_key",    "no_relay",          "captive_portal",
     "udp_blocked",     "no_candidates",     "link_changed",
     "path_lost",       "just_started",      "not_wanted",
     "isolated_lan",    "no_hairpin",        "both_hard",
     "hard_and_strict", "hard_and_firewall", "firewall",
     "one_way",         "nothing_passes",    "stock_peer",
     "hard_nat",        "punching",          "punch_failed",
     "port_map_absent", "port_map_failed",   "double_nat",
     "no_ipv6",         "small_mtu",         "peer_silent",
     "nat_unknown"});
static_assert(kCauses.size() == static_cast<size_t>(Cause::kNatUnknown) + 1);

constexpr auto kRemedys = std::to_array<const char*>(
    {"nothing", "wait", "use_it", "start_peer", "sign_in", "allow_udp",
     "map_port", "forward_port", "forward_outer", "open_firewall", "hairpin",
     "allow_stations", "relay_reach", "restart", "install_native"});
static_assert(kRemedys.size() ==
              static_cast<size_t>(Remedy::kInstallNative) + 1);

constexpr auto kVerdicts =
    std::to_array<const char*>({"direct", "relayed", "no_way"});
static_assert(kVerdicts.size() == static_cast<size_t>(Verdict::kNoWay) + 1);

}  // namespace

const char* CodeOf(Cause cause) {
  return kCauses.at(static_cast<size_t>(cause));
}

const char* CodeOf(Remedy remedy) {
  return kRemedys.at(static_cast<size_t>(remedy));
}

const char* CodeOf(Verdict verdict) {
  return kVerdicts.at(static_cast<size_t>(verdict));
}

}  // namespace warren::engine
