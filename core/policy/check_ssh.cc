#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "core/policy/check_context.h"
#include "core/policy/hujson.h"

namespace warren::policy {
namespace {

constexpr absl::Duration kMaxCheckPeriod = absl::Hours(168);

void CheckAction(const SshRule& rule, CheckContext& context) {
  const std::string& action = rule.action.text;
  if (action == "accept" || action == "check") return;
  context.Note(rule.action.place,
               action.empty()
                   ? "action must be specified"
                   : absl::StrCat(QuoteJson(action), " is not a valid action"),
               "\"accept\" or \"check\"");
}

// localpart:*@DOMAIN needs a domain of the tailnet. Any other text is the
// name of an account, as the hosted service has it.
void CheckUser(const Text& user, CheckContext& context) {
  if (user.text.empty() || user.text == "*") {
    return context.Note(
        user.place,
        absl::StrCat("user ", QuoteJson(user.text), " is not valid"),
        "\"autogroup:nonroot\" is any user but root");
  }
  absl::string_view domain = user.text;
  if (absl::ConsumePrefix(&domain, "localpart:*@") && !domain.empty()) {
    context.CheckDomain(domain, user.place);
  }
}

// As Go prints durations, whose words these messages follow: "200h0m0s".
std::string DurationText(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(absl::AbsDuration(duration));
  const std::string sign = duration < absl::ZeroDuration() ? "-" : "";
  const std::string tail =
      absl::StrCat(seconds / 60 % 60, "m", seconds % 60, "s");
  if (seconds < 60) return absl::StrCat(sign, seconds, "s");
  if (seconds < 3600) return absl::StrCat(sign, tail);
  return absl::StrCat(sign, seconds / 3600, "h", tail);
}

// Why `text` is no duration, as Go says it.
std::string DurationFault(absl::string_view text) {
  const std::string quoted = QuoteJson(text);
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "-")) absl::ConsumePrefix(&rest, "+");
  constexpr absl::string_view kNumber = "0123456789.";
  while (!rest.empty()) {
    const size_t digits =
        std::min(rest.find_first_not_of(kNumber), rest.size());
    if (digits == 0) break;
    rest.remove_prefix(digits);
    const absl::string_view unit = rest.substr(0, rest.find_first_of(kNumber));
    rest.remove_prefix(unit.size());
    if (unit.empty()) {
      return absl::StrCat("time: missing unit in duration ", quoted);
    }
    const absl::string_view units[] = {"h", "m", "s", "ms", "us", "ns"};
    if (std::find(std::begin(units), std::end(units), unit) ==
        std::end(units)) {
      return absl::StrCat("time: unknown unit ", QuoteJson(unit),
                          " in duration ", quoted);
    }
  }
  return absl::StrCat("time: invalid duration ", quoted);
}

void CheckCheckPeriod(const SshRule& rule, CheckContext& context) {
  if (!rule.check_period) return;
  const Text& period = *rule.check_period;
  if (rule.action.text != "check") {
    return context.Note(period.place,
                        "checkPeriod is only valid with action \"check\"");
  }
  if (period.text == "always") return;
  absl::Duration duration;
  if (!absl::ParseDuration(period.text, &duration) ||
      absl::AbsDuration(duration) == absl::InfiniteDuration()) {
    return context.Note(period.place, DurationFault(period.text),
                        "such as \"12h\", \"30m\" or \"always\"");
  }
  if (duration < absl::ZeroDuration()) {
    context.Note(period.place,
                 absl::StrCat("checkPeriod ", DurationText(duration),
                              " must be a positive duration"));
  } else if (duration > kMaxCheckPeriod) {
    context.Note(period.place,
                 absl::StrCat("checkPeriod ", DurationText(duration),
                              " is above the max (168h)"));
  }
}

bool MayBeSource(SelectorKind kind) {
  switch (kind) {
    case SelectorKind::kUser:
    case SelectorKind::kUserDomain:
    case SelectorKind::kGroup:
    case SelectorKind::kTag:
    case SelectorKind::kMember:
    case SelectorKind::kTagged:
    case SelectorKind::kShared:
    case SelectorKind::kRole:
      return true;
    default:
      return false;
  }
}

bool MayBeDestination(SelectorKind kind, const CheckOptions& options) {
  switch (kind) {
    case SelectorKind::kUser:
    case SelectorKind::kTag:
    case SelectorKind::kSelf:
      return true;
    case SelectorKind::kMember:
    case SelectorKind::kTagged:
      return options.ssh_to_autogroups;
    default:
      return false;
  }
}

std::string NotAllowed(Side side, absl::string_view text) {
  const absl::string_view where = side == Side::kSource ? "src" : "dst";
  const std::string quoted = QuoteJson(text);
  return absl::StrCat("invalid ", where, " ", quoted, ": ", quoted,
                      " is not allowed in ", where);
}

// The selectors that may stand there.
std::vector<Selector> CheckSelectors(const Texts& texts, Side side,
                                     CheckContext& context) {
  const bool source = side == Side::kSource;
  std::vector<Selector> selectors;
  for (const Text& text : texts) {
    const auto parsed = ParseSelector(text.text);
    const bool allowed =
        parsed.ok() &&
        (source ? MayBeSource(parsed->kind)
                : MayBeDestination(parsed->kind, context.options()));
    if (!allowed) {
      context.Note(text.place, NotAllowed(side, text.text),
                   source ? "users, groups, tags and their autogroups"
                          : "tags, autogroup:self, autogroup:member, "
                            "autogroup:tagged, or the one user of src");
      continue;
    }
    const std::string prefix =
        source ? "src=" : absl::StrCat("dst=", QuoteJson(text.text), ": ");
    if (const auto selector = context.Read(text, prefix)) {
      selectors.push_back(*selector);
    }
  }
  return selectors;
}

bool IsTagged(const Selector& selector) {
  return selector.kind == SelectorKind::kTag ||
         selector.kind == SelectorKind::kTagged;
}

// Nobody enters a person's device but that person (spec 6.6).
void CheckEntry(const std::vector<Selector>& sources,
                const Selector& destination, Place place,
                CheckContext& context) {
  for (const Selector& source : sources) {
    if (destination.kind == SelectorKind::kUser &&
        (source.kind != SelectorKind::kUser ||
         source.name != destination.name)) {
      return context.Note(place,
                          "users in dst are only allowed from the same user",
                          "autogroup:self is the own devices of each source");
    }
    if (!IsTagged(source)) continue;
    if (destination.kind == SelectorKind::kSelf) {
      return context.Note(place,
                          "autogroup:self can only be used with users, "
                          "groups, or supported autogroups");
    }
    if (destination.kind == SelectorKind::kMember) {
      return context.Note(place, "tags in src cannot access autogroup:member",
                          "a tagged device may not enter people's devices");
    }
  }
}

void CheckRule(const SshRule& rule, CheckContext& context) {
  CheckAction(rule, context);
  if (rule.users.empty()) {
    context.Note(rule.place, "users must be specified",
                 "such as \"users\": [\"root\"]");
  }
  for (const Text& user : rule.users) CheckUser(user, context);
  for (const Text& variable : rule.accept_env) {
    if (!variable.text.empty()) continue;
    context.Note(variable.place, "acceptEnv values cannot be empty");
  }
  const auto sources = CheckSelectors(rule.src, Side::kSource, context);
  const auto destinations =
      CheckSelectors(rule.dst, Side::kDestination, context);
  for (const Selector& destination : destinations) {
    CheckEntry(sources, destination, rule.place, context);
  }
  for (const Text& recorder : rule.recorder) {
    const auto selector = context.Read(recorder, "recorder=");
    if (!selector || selector->kind == SelectorKind::kTag) continue;
    context.Note(recorder.place,
                 absl::StrCat("invalid recorder ", QuoteJson(recorder.text)),
                 "recorders are devices with a tag");
  }
  CheckCheckPeriod(rule, context);
  context.CheckPostures(rule.src_posture);
}

}  // namespace

void CheckSsh(CheckContext& context) {
  for (const SshRule& rule : context.policy().ssh) CheckRule(rule, context);
}

}  // namespace warren::policy
