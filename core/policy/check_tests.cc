#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/policy/check_context.h"
#include "core/policy/hujson.h"
#include "core/policy/ports.h"

// The shape of tests. What they find is found elsewhere, with a topology.
namespace warren::policy {
namespace {

constexpr uint8_t kIcmp = 1;
constexpr uint8_t kIcmpV6 = 58;

// To the hosted service a test that cannot be right is one that failed.
void Fail(Place place, std::string why, CheckContext& context) {
  context.Note(place, "test(s) failed", std::move(why));
}

// A selector that stands for one host, if for addresses at all.
bool IsOneHost(absl::string_view text, const Selector& selector,
               const CheckContext& context) {
  if (selector.kind == SelectorKind::kPrefix) return false;
  if (selector.kind == SelectorKind::kRange) return false;
  if (selector.kind == SelectorKind::kInternet) return false;
  if (selector.kind == SelectorKind::kAddress) {
    return !absl::StrContains(text, '/');
  }
  if (selector.kind != SelectorKind::kHost) return true;
  const HostDefinition* host = context.FindHost(selector.name);
  if (host == nullptr) return true;
  const auto prefix = net::IpPrefix::Parse(host->address.text);
  return prefix.ok() &&
         prefix->bits() == (prefix->address().is_v4() ? 32 : 128);
}

// Whether tests may be of whom a selector stands for.
bool MayBeTested(absl::string_view text, const Selector& selector,
                 const CheckContext& context) {
  if (!IsOneHost(text, selector, context)) return false;
  const bool many = selector.IsAutogroup() ||
                    selector.kind == SelectorKind::kWildcard ||
                    selector.kind == SelectorKind::kUserDomain;
  return !many || context.options().tests_of_many;
}

void CheckDestination(const Text& text, bool icmp, CheckContext& context) {
  const auto split = SplitDestination(text.text);
  if (!split.ok()) {
    return Fail(text.place, std::string(split.status().message()), context);
  }
  if (icmp && split->ports != "0") {
    return Fail(text.place, "icmp has no ports: write port 0", context);
  }
  const auto ports = ParsePorts(split->ports);
  if (!icmp && !ports.ok()) {
    return Fail(text.place, std::string(ports.status().message()), context);
  }
  if (!icmp && (ports->size() != 1 || (*ports)[0].first != (*ports)[0].last)) {
    return Fail(text.place, "a test asks for one port", context);
  }
  const auto selector = ParseSelector(split->selector);
  if (!selector.ok()) {
    return Fail(text.place, std::string(selector.status().message()), context);
  }
  if (!MayBeTested(split->selector, *selector, context)) {
    Fail(text.place,
         absl::StrCat(split->selector,
                      " is not one user, group, tag or host, as a test needs"),
         context);
  }
}

// Whether the protocol is ICMP.
bool CheckTestProtocol(const Test& test, CheckContext& context) {
  if (!test.proto || test.proto->text.empty()) return false;
  const auto protocol = ParseProtocol(test.proto->text);
  if (!protocol.ok()) {
    context.Note(test.proto->place, std::string(protocol.status().message()));
    return false;
  }
  if (HasPorts(*protocol)) return false;
  if (*protocol == kIcmp || *protocol == kIcmpV6) return true;
  Fail(test.proto->place, "tests are of tcp, udp, sctp or icmp", context);
  return false;
}

void CheckTestSource(const Test& test, CheckContext& context) {
  if (test.src.text.empty()) Fail(test.place, "a test needs a src", context);
  const auto selector = ParseSelector(test.src.text);
  if (!selector.ok() || MayBeTested(test.src.text, *selector, context)) return;
  Fail(test.src.place,
       absl::StrCat(test.src.text,
                    " is not one user, group, tag or host, as a test needs"),
       context);
}

void CheckTest(const Test& test, CheckContext& context) {
  CheckTestSource(test, context);
  if (test.accept.empty() && test.deny.empty()) {
    Fail(test.place, "a test needs accept or deny", context);
  }
  const bool icmp = CheckTestProtocol(test, context);
  for (const Texts* destinations : {&test.accept, &test.deny}) {
    for (const Text& text : *destinations) {
      CheckDestination(text, icmp, context);
    }
  }
}

// What an SSH test may enter: single devices, or those of ssh rules.
bool MayBeEntered(const Text& text, const CheckContext& context) {
  const auto selector = ParseSelector(text.text);
  if (!selector.ok()) return false;
  switch (selector->kind) {
    case SelectorKind::kUser:
    case SelectorKind::kSelf:
    case SelectorKind::kMember:
    case SelectorKind::kTagged:
    case SelectorKind::kHost:
    case SelectorKind::kAddress:
      return MayBeTested(text.text, *selector, context);
    default:
      return false;
  }
}

void CheckSshDestination(const Text& text, CheckContext& context) {
  const std::string quoted = QuoteJson(text.text);
  if (absl::StartsWith(text.text, "tag:")) {
    if (context.HasTag(text.text)) return;
    return context.Note(
        text.place,
        absl::StrCat("SSH tests dst contains unknown tag ", quoted));
  }
  if (MayBeEntered(text, context)) return;
  context.Note(
      text.place,
      absl::StrCat("SSH tests dst contains disallowed element ", quoted));
}

void CheckSshSource(const SshTest& test, CheckContext& context) {
  const Text& src = test.src;
  if (src.text.empty()) {
    return context.Note(test.place,
                        "SSH tests entry must have a non-empty src");
  }
  const std::string quoted = QuoteJson(src.text);
  const auto selector = ParseSelector(src.text);
  if (!selector.ok() || !MayBeTested(src.text, *selector, context)) {
    return context.Note(
        src.place,
        absl::StrCat("SSH tests src contains disallowed element ", quoted));
  }
  if (selector->kind == SelectorKind::kTag && !context.HasTag(src.text)) {
    context.Note(src.place,
                 absl::StrCat("SSH tests src contains unknown tag ", quoted));
  }
}

void CheckSshTest(const SshTest& test, CheckContext& context) {
  CheckSshSource(test, context);
  if (test.dst.empty()) {
    context.Note(test.place, "SSH tests entry must have at least one dst");
  }
  for (const Text& text : test.dst) CheckSshDestination(text, context);
  if (test.accept.empty() && test.deny.empty() && test.check.empty()) {
    Fail(test.place, "an SSH test needs accept, deny or check", context);
  }
}

}  // namespace

void CheckTests(CheckContext& context) {
  for (const Test& test : context.policy().tests) CheckTest(test, context);
}

void CheckSshTests(CheckContext& context) {
  for (const SshTest& test : context.policy().ssh_tests) {
    CheckSshTest(test, context);
  }
}

}  // namespace warren::policy
