#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/policy/check_context.h"
#include "core/policy/hujson.h"
#include "core/policy/ports.h"
#include "core/policy/suggest.h"

namespace warren::policy {
namespace {

constexpr absl::string_view kSelfSources =
    "autogroup:self can only be used with users, groups, or supported "
    "autogroups";

// Capabilities of the vendor's domain that a policy may grant (spec 6.5).
constexpr std::array<absl::string_view, 7> kVendorCapabilities = {
    "tailscale.com/cap/drive",  "tailscale.com/cap/relay",
    "tailscale.com/cap/webui",  "tailscale.com/cap/kubernetes",
    "tailscale.com/cap/tsidp",  "tailscale.com/cap/secrets",
    "tailscale.com/cap/golink",
};

// Kinds that name somebody, or something, at that end of a connection.
bool IsAllowed(SelectorKind kind, Side side) {
  switch (kind) {
    case SelectorKind::kSelf:
    case SelectorKind::kInternet:
    case SelectorKind::kService:
      return side == Side::kDestination;
    case SelectorKind::kShared:
    case SelectorKind::kDangerAll:
      return side == Side::kSource;
    case SelectorKind::kNonroot:
      return false;
    default:
      return true;
  }
}

// Notes a selector on the wrong side.
void CheckSide(const Selector& selector, Side side, Place place,
               CheckContext& context) {
  if (IsAllowed(selector.kind, side)) return;
  if (selector.kind == SelectorKind::kDangerAll) {
    return context.Note(place, "cannot use autogroup:danger-all as a dst",
                        "\"*\" is every address");
  }
  context.Note(
      place,
      absl::StrCat(QuoteJson(selector.name), " not valid on the ",
                   side == Side::kSource ? "src" : "dst", " side of a rule"));
}

std::vector<Selector> CheckSources(const Texts& sources,
                                   CheckContext& context) {
  std::vector<Selector> selectors;
  for (const Text& source : sources) {
    const auto selector = context.Read(source, "src=");
    if (!selector) continue;
    CheckSide(*selector, Side::kSource, source.place, context);
    selectors.push_back(*selector);
  }
  return selectors;
}

// Checks a destination without its ports. `text` is the whole.
std::optional<Selector> CheckDestination(absl::string_view part,
                                         const Text& text,
                                         CheckContext& context) {
  const auto selector = context.ReadPart(
      part, text.place, absl::StrCat("dst=", QuoteJson(part), ": "));
  if (!selector) return std::nullopt;
  CheckSide(*selector, Side::kDestination, text.place, context);
  if (selector->kind == SelectorKind::kPrefix && selector->prefix.bits() == 0) {
    context.Note(text.place,
                 absl::StrCat("dst ", QuoteJson(part),
                              ": to allow all IP addresses, use \"*\" or "
                              "\"autogroup:internet\""));
  }
  return selector;
}

bool MayBeSelf(SelectorKind kind) {
  return kind == SelectorKind::kUser || kind == SelectorKind::kUserDomain ||
         kind == SelectorKind::kGroup || kind == SelectorKind::kMember ||
         kind == SelectorKind::kRole;
}

// autogroup:self among the destinations asks for sources that are people.
// An ACL takes "*" for them.
void CheckSelf(const std::vector<Selector>& sources, bool has_self, Place place,
               bool wildcard_too, CheckContext& context) {
  if (!has_self) return;
  for (const Selector& source : sources) {
    if (MayBeSelf(source.kind)) continue;
    if (wildcard_too && source.kind == SelectorKind::kWildcard) continue;
    return context.Note(place, std::string(kSelfSources),
                        absl::StrCat(source.name, " is none of these"));
  }
}

void CheckAction(const Acl& acl, CheckContext& context) {
  if (acl.action.text == "accept") return;
  context.Note(
      acl.action.place,
      absl::StrCat("action=", QuoteJson(acl.action.text), " is not supported"),
      "\"accept\" is the only one: what no rule accepts is denied");
}

// Whether `text` stands for something as it is, with nothing cut off.
bool IsWhole(absl::string_view text, const CheckContext& context) {
  const auto selector = ParseSelector(text);
  if (!selector.ok()) return false;
  switch (selector->kind) {
    case SelectorKind::kTag:
      return context.HasTag(selector->name);
    case SelectorKind::kGroup:
      return context.HasGroup(selector->name);
    case SelectorKind::kHost:
      return context.FindHost(selector->name) != nullptr;
    default:
      return true;
  }
}

// The ports of a destination; whether it is autogroup:self.
bool CheckAclDestination(const Acl& acl, const Text& destination,
                         std::optional<uint8_t> protocol,
                         CheckContext& context) {
  const std::string prefix =
      absl::StrCat("dst=", QuoteJson(destination.text), ": ");
  const auto split = SplitDestination(destination.text);
  if (!split.ok()) {
    context.Note(
        destination.place, absl::StrCat(prefix, split.status().message()),
        absl::StrCat("say which ports: \"", destination.text, ":*\" for all"));
    return false;
  }
  const auto ports = ParsePorts(split->ports);
  if (!ports.ok()) {
    context.Note(destination.place,
                 absl::StrCat(prefix, ports.status().message()),
                 IsWhole(destination.text, context)
                     ? absl::StrCat("say which ports: \"", destination.text,
                                    ":*\" for all")
                     : "");
    return false;
  }
  if (protocol) {
    if (const auto fit = CheckPorts(*protocol, *ports); !fit.ok()) {
      context.Note(acl.proto.place, std::string(fit.message()));
    }
  }
  const auto selector = CheckDestination(split->selector, destination, context);
  return selector && selector->kind == SelectorKind::kSelf;
}

void CheckAcl(const Acl& acl, CheckContext& context) {
  CheckAction(acl, context);
  std::optional<uint8_t> protocol;
  if (!acl.proto.text.empty()) {
    const auto parsed = ParseProtocol(acl.proto.text);
    if (parsed.ok()) {
      protocol = *parsed;
    } else {
      context.Note(acl.proto.place, std::string(parsed.status().message()));
    }
  }
  const std::vector<Selector> sources = CheckSources(acl.src, context);
  bool has_self = false;
  for (const Text& destination : acl.dst) {
    has_self |= CheckAclDestination(acl, destination, protocol, context);
  }
  CheckSelf(sources, has_self, acl.place, /*wildcard_too=*/true, context);
  context.CheckPostures(acl.src_posture);
}

void CheckCapability(const AppCapability& capability, CheckContext& context) {
  const std::string& name = capability.name.text;
  const size_t slash = name.find('/');
  if (absl::StrContains(name, "://") || slash == std::string::npos ||
      slash == 0 || slash + 1 == name.size()) {
    return context.Note(capability.name.place,
                        "capability name must have the form {domain}/{path}",
                        "such as \"example.com/cap/print\"");
  }
  if (!absl::StartsWith(name, "tailscale.com/")) return;
  if (std::find(kVendorCapabilities.begin(), kVendorCapabilities.end(), name) !=
      kVendorCapabilities.end()) {
    return;
  }
  context.Note(capability.name.place,
               "capability name must not be in the tailscale.com domain",
               DidYouMean(name, {kVendorCapabilities.begin(),
                                 kVendorCapabilities.end()}));
}

void CheckVia(const Text& via, CheckContext& context) {
  if (!absl::StartsWith(via.text, "tag:")) {
    return context.Note(via.place, "via can only be a tag",
                        absl::StrCat("found ", via.text));
  }
  if (context.HasTag(via.text)) return;
  context.Note(via.place,
               absl::StrCat("tag ", QuoteJson(via.text), " not found"),
               "define it in \"tagOwners\"");
}

void CheckGrant(const Grant& grant, CheckContext& context) {
  if (grant.ip.empty() && grant.app.empty()) {
    context.Note(grant.place, "ip and app can not both be empty",
                 "\"ip\": [\"*\"] allows everything");
  }
  for (const Text& item : grant.ip) {
    const auto parsed = ParseIpItem(item.text);
    if (parsed.ok()) continue;
    const bool protocol = ParseProtocol(item.text).ok();
    context.Note(
        item.place, std::string(parsed.status().message()),
        protocol ? absl::StrCat("for the protocol write \"", item.text, ":*\"")
                 : "");
  }
  for (const AppCapability& capability : grant.app) {
    CheckCapability(capability, context);
  }
  const std::vector<Selector> sources = CheckSources(grant.src, context);
  bool has_self = false;
  for (const Text& destination : grant.dst) {
    const auto selector =
        CheckDestination(destination.text, destination, context);
    if (!selector) continue;
    has_self |= selector->kind == SelectorKind::kSelf;
    if (selector->kind == SelectorKind::kInternet && !grant.app.empty()) {
      context.Note(destination.place,
                   "cannot use app grants with autogroup:internet");
    }
  }
  for (const Text& via : grant.via) CheckVia(via, context);
  CheckSelf(sources, has_self, grant.place, /*wildcard_too=*/false, context);
  context.CheckPostures(grant.src_posture);
}

}  // namespace

void CheckAcls(CheckContext& context) {
  if (!context.policy().acls) return;
  for (const Acl& acl : *context.policy().acls) CheckAcl(acl, context);
}

void CheckGrants(CheckContext& context) {
  if (!context.policy().grants) return;
  for (const Grant& grant : *context.policy().grants) {
    CheckGrant(grant, context);
  }
}

}  // namespace warren::policy
