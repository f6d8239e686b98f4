#ifndef WARREN_CORE_POLICY_SELECTOR_H_
#define WARREN_CORE_POLICY_SELECTOR_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/net/ip.h"
#include "core/policy/topology.h"

// Whom a string of a policy names (specs/control-ts2021.md 6.2). What stands
// in which place, and whether the names are defined, is Check()'s concern.
namespace warren::policy {

enum class SelectorKind : uint8_t {
  kWildcard,    // "*"
  kUser,        // "alice@example.com"; "alice@": a local account
  kUserDomain,  // "user:*@example.com"
  kGroup,       // "group:x"
  kTag,         // "tag:x"
  kHost,        // "x" or "host:x", of `hosts`
  kAddress,     // "100.64.0.1", "fd7a::1"
  kPrefix,      // "10.0.0.0/8"
  kRange,       // "10.0.0.1-10.0.0.9"
  kIpset,       // "ipset:x"
  kService,     // "svc:x"
  kMember,      // "autogroup:member", "autogroup:members"
  kTagged,      // "autogroup:tagged"
  kSelf,        // "autogroup:self"
  kInternet,    // "autogroup:internet"
  kShared,      // "autogroup:shared"
  kDangerAll,   // "autogroup:danger-all"
  kNonroot,     // "autogroup:nonroot": a user of ssh rules
  kRole,        // "autogroup:admin" ...
};

// One of them; which fields hold something depends on the kind.
struct Selector {
  SelectorKind kind = SelectorKind::kWildcard;
  // As definitions spell it: "group:x", "tag:x", "ipset:x", "svc:x"; the name
  // of a host; of a user "alice@example.com", of a local one "alice"; the
  // domain; of autogroups the whole, without its aliases.
  std::string name;
  net::IpPrefix prefix;       // kAddress (whole length), kPrefix
  net::IpAddress first;       // kRange; both of one family, first <= last
  net::IpAddress last;        //
  Role role = Role::kMember;  // kRole

  // Stands for devices of the tailnet, not for bare addresses.
  bool IsDevices() const;
  bool IsAutogroup() const { return kind >= SelectorKind::kMember; }
};

// INVALID_ARGUMENT says in the field's words what is wrong with `text`.
absl::StatusOr<Selector> ParseSelector(absl::string_view text);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_SELECTOR_H_
