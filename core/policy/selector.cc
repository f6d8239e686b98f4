#include "core/policy/selector.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace warren::policy {
namespace {

struct Autogroup {
  absl::string_view name;  // without "autogroup:"
  SelectorKind kind;
  Role role;
};

constexpr std::array<Autogroup, 14> kAutogroups = {{
    {"member", SelectorKind::kMember, Role::kMember},
    {"members", SelectorKind::kMember, Role::kMember},
    {"tagged", SelectorKind::kTagged, Role::kMember},
    {"self", SelectorKind::kSelf, Role::kMember},
    {"internet", SelectorKind::kInternet, Role::kMember},
    {"shared", SelectorKind::kShared, Role::kMember},
    {"danger-all", SelectorKind::kDangerAll, Role::kMember},
    {"nonroot", SelectorKind::kNonroot, Role::kMember},
    {"owner", SelectorKind::kRole, Role::kOwner},
    {"admin", SelectorKind::kRole, Role::kAdmin},
    {"it-admin", SelectorKind::kRole, Role::kItAdmin},
    {"network-admin", SelectorKind::kRole, Role::kNetworkAdmin},
    {"billing-admin", SelectorKind::kRole, Role::kBillingAdmin},
    {"auditor", SelectorKind::kRole, Role::kAuditor},
}};

struct Prefixed {
  absl::string_view prefix;
  SelectorKind kind;
};

// A name has to follow the prefix.
constexpr std::array<Prefixed, 4> kPrefixed = {{
    {"group:", SelectorKind::kGroup},
    {"tag:", SelectorKind::kTag},
    {"ipset:", SelectorKind::kIpset},
    {"svc:", SelectorKind::kService},
}};

Selector Named(SelectorKind kind, absl::string_view name) {
  Selector selector;
  selector.kind = kind;
  selector.name = std::string(name);
  return selector;
}

absl::Status Invalid(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\": invalid address"));
}

absl::StatusOr<Selector> ParseAutogroup(absl::string_view text) {
  const absl::string_view rest = absl::StripPrefix(text, "autogroup:");
  for (const Autogroup& group : kAutogroups) {
    if (group.name != rest) continue;
    const absl::string_view name = group.kind == SelectorKind::kMember
                                       ? absl::string_view("member")
                                       : group.name;
    Selector selector = Named(group.kind, absl::StrCat("autogroup:", name));
    selector.role = group.role;
    return selector;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown autogroup \"", text, "\""));
}

absl::StatusOr<Selector> ParseRange(absl::string_view text, size_t dash) {
  const auto first = net::IpAddress::Parse(text.substr(0, dash));
  const auto last = net::IpAddress::Parse(text.substr(dash + 1));
  if (!first.ok() || !last.ok() || first->family() != last->family() ||
      *last < *first) {
    return Invalid(text);
  }
  Selector selector = Named(SelectorKind::kRange, text);
  selector.first = *first;
  selector.last = *last;
  return selector;
}

// An address, a prefix, or nothing of the kind: kWildcard.
absl::StatusOr<Selector> ParseLiteral(absl::string_view text) {
  Selector selector = Named(SelectorKind::kWildcard, text);
  if (const auto address = net::IpAddress::Parse(text); address.ok()) {
    selector.kind = SelectorKind::kAddress;
    selector.prefix = net::IpPrefix::Single(*address);
    return selector;
  }
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos) return selector;
  if (!net::IpAddress::Parse(text.substr(0, slash)).ok()) return selector;
  const auto prefix = net::IpPrefix::Parse(text);
  if (!prefix.ok()) return prefix.status();
  selector.kind = SelectorKind::kPrefix;
  selector.prefix = *prefix;
  return selector;
}

absl::StatusOr<Selector> ParseUser(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "user:*@")) {
    if (text.empty()) return Invalid("user:*@");
    return Named(SelectorKind::kUserDomain, text);
  }
  const absl::string_view name = absl::StripSuffix(text, "@");
  if (name.empty()) return Invalid(text);
  return Named(SelectorKind::kUser, name);
}

}  // namespace

bool Selector::IsDevices() const {
  switch (kind) {
    case SelectorKind::kUser:
    case SelectorKind::kUserDomain:
    case SelectorKind::kGroup:
    case SelectorKind::kTag:
    case SelectorKind::kMember:
    case SelectorKind::kTagged:
    case SelectorKind::kSelf:
    case SelectorKind::kShared:
    case SelectorKind::kRole:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<Selector> ParseSelector(absl::string_view text) {
  if (text == "*") return Named(SelectorKind::kWildcard, text);
  auto literal = ParseLiteral(text);
  if (!literal.ok() || literal->kind != SelectorKind::kWildcard) {
    return literal;
  }
  for (const Prefixed& known : kPrefixed) {
    if (!absl::StartsWith(text, known.prefix)) continue;
    if (text.size() == known.prefix.size()) return Invalid(text);
    return Named(known.kind, text);
  }
  if (absl::StartsWith(text, "autogroup:")) return ParseAutogroup(text);
  if (absl::StrContains(text, '@')) return ParseUser(text);
  const absl::string_view name = absl::StripPrefix(text, "host:");
  const size_t dash = name.find('-');
  if (dash != absl::string_view::npos &&
      net::IpAddress::Parse(name.substr(0, dash)).ok()) {
    return ParseRange(name, dash);
  }
  if (name.empty() || absl::StrContains(name, ':')) return Invalid(text);
  return Named(SelectorKind::kHost, name);
}

}  // namespace warren::policy
