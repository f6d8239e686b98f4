#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/policy/parse_rules.h"
#include "core/policy/parse_shape.h"
#include "core/policy/policy_text.h"

namespace warren::policy {
namespace {

// Reads a list of entries, each by `read`.
template <class Entry>
JsonField EntriesField(std::string name, std::vector<Entry>& into,
                       Entry (*read)(const JsonValue&, ShapeReader&),
                       ShapeReader& shape) {
  const auto read_all = [name, &into, read, &shape](const JsonValue& value) {
    shape.List(
        value, absl::StrCat("\"", name, "\""),
        [&](const JsonValue& item) { into.push_back(read(item, shape)); });
  };
  return {std::move(name), read_all};
}

// The same, of a section whose absence means something.
template <class Entry>
JsonField EntriesField(std::string name,
                       std::optional<std::vector<Entry>>& into,
                       Entry (*read)(const JsonValue&, ShapeReader&),
                       ShapeReader& shape) {
  const auto read_all = [name, &into, read, &shape](const JsonValue& value) {
    into.emplace();
    shape.List(
        value, absl::StrCat("\"", name, "\""),
        [&](const JsonValue& item) { into->push_back(read(item, shape)); });
  };
  return {std::move(name), read_all};
}

JsonField DefinitionsField(std::string name, std::vector<Definition>& into,
                           ShapeReader& shape) {
  const auto read = [name, &into, &shape](const JsonValue& value) {
    into = ReadDefinitions(value, shape, name);
  };
  return {std::move(name), read};
}

JsonField FlagField(std::string name, bool& into, ShapeReader& shape) {
  const auto read = [name, &into, &shape](const JsonValue& value) {
    into = shape.Bool(value, absl::StrCat("\"", name, "\""));
  };
  return {std::move(name), read};
}

void ReadHosts(const JsonValue& value, std::vector<HostDefinition>& hosts,
               ShapeReader& shape) {
  shape.Map(value, "\"hosts\"", [&](const JsonMember& member) {
    const std::string what =
        absl::StrCat("hosts[", QuoteJson(member.name.text), "]");
    hosts.push_back({NameOf(member), shape.String(member.value, what)});
  });
}

std::string ReadCgnatRoute(const JsonValue& value, ShapeReader& shape) {
  const std::string route = shape.String(value, "\"OneCGNATRoute\"").text;
  if (!route.empty() && route != "mac-always" && route != "mac-never") {
    shape.Note(
        value.place,
        absl::StrCat("OneCGNATRoute ", QuoteJson(route), " is not valid"),
        "\"mac-always\", \"mac-never\" or \"\"");
  }
  return route;
}

void ReadPolicy(const JsonValue& root, Policy& policy, ShapeReader& shape) {
  const std::vector<JsonField> fields = {
      EntriesField("acls", policy.acls, ReadAcl, shape),
      EntriesField("grants", policy.grants, ReadGrant, shape),
      DefinitionsField("groups", policy.groups, shape),
      {"hosts",
       [&](const JsonValue& value) { ReadHosts(value, policy.hosts, shape); }},
      DefinitionsField("ipsets", policy.ipsets, shape),
      DefinitionsField("tagOwners", policy.tag_owners, shape),
      {"autoApprovers",
       [&](const JsonValue& value) {
         policy.auto_approvers = ReadAutoApprovers(value, shape);
       }},
      EntriesField("ssh", policy.ssh, ReadSshRule, shape),
      EntriesField("nodeAttrs", policy.node_attributes, ReadNodeAttribute,
                   shape),
      DefinitionsField("postures", policy.postures, shape),
      {"defaultSrcPosture",
       [&](const JsonValue& value) {
         policy.default_src_posture =
             shape.Strings(value, "\"defaultSrcPosture\"");
       }},
      EntriesField("tests", policy.tests, ReadTest, shape),
      EntriesField("sshTests", policy.ssh_tests, ReadSshTest, shape),
      {"derpMap",
       [&](const JsonValue& value) {
         shape.Map(value, "\"derpMap\"", [](const JsonMember&) {});
         policy.derp_map = ToJson(value);
       }},
      FlagField("disableIPv4", policy.disable_ipv4, shape),
      FlagField("randomizeClientPort", policy.randomize_client_port, shape),
      {"OneCGNATRoute",
       [&](const JsonValue& value) {
         policy.one_cgnat_route = ReadCgnatRoute(value, shape);
       }},
  };
  shape.Object(root, "a policy", fields);
}

size_t CountRules(const JsonValue& root) {
  size_t rules = 0;
  for (const char* section : {"acls", "grants", "ssh", "nodeAttrs"}) {
    const JsonMember* member = root.Find(section);
    if (member != nullptr) rules += member->value.items.size();
  }
  return rules;
}

constexpr size_t kMaxDescription = 3000;  // bytes, and the last problem

bool IsEarlier(const Problem& a, const Problem& b) {
  return std::pair(a.place.line, a.place.column) <
         std::pair(b.place.line, b.place.column);
}

// A byte of UTF-8 that is not the first of its character (RFC 3629 §3).
bool IsInside(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

void Clip(std::string& text) {
  if (text.size() > kMaxProblemText) {
    size_t end = kMaxProblemText;
    while (end > 0 && IsInside(text[end])) --end;
    text.resize(end);
    text += "...";
  }
  for (char& c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '?';
  }
}

std::string NumMore(size_t num) {
  return absl::StrCat("... and ", num, " more");
}

ParsedPolicy Refused(Place place, std::string message, std::string hint) {
  ParsedPolicy parsed;
  parsed.problems.push_back({place, std::move(message), std::move(hint)});
  return parsed;
}

bool IsBlank(absl::string_view text) {
  return absl::StripAsciiWhitespace(text).empty();
}

ParsedPolicy Parse(absl::string_view text, const CheckOptions& options) {
  if (text.size() > kMaxTextSize) {
    return Refused({1, 1},
                   absl::StrCat("the policy has ", text.size(),
                                " bytes; at most ", kMaxTextSize, " will do"),
                   "put names into groups, hosts or ipsets");
  }
  // An empty file is a policy without sections.
  if (IsBlank(text)) return {};
  ParsedPolicy parsed;
  ParsedJson json = ParseJson(text);
  if (!json.ok()) {
    parsed.problems = std::move(json.problems);
    return parsed;
  }
  const size_t rules = CountRules(json.root);
  if (rules > kMaxRules) {
    return Refused(json.root.place,
                   absl::StrCat("the policy has ", rules, " rules; at most ",
                                kMaxRules, " will do"),
                   "rules with the same sources can be one");
  }
  ShapeReader shape(parsed.problems);
  ReadPolicy(json.root, parsed.policy, shape);
  if (parsed.ok()) parsed.problems = Check(parsed.policy, options);
  std::stable_sort(parsed.problems.begin(), parsed.problems.end(), IsEarlier);
  return parsed;
}

}  // namespace

ParsedPolicy ParsePolicy(absl::string_view text, const CheckOptions& options) {
  ParsedPolicy parsed = Parse(text, options);
  Bound(parsed.problems);
  return parsed;
}

void Bound(std::vector<Problem>& problems) {
  const size_t num = problems.size();
  if (num > kMaxProblems) {
    problems.resize(kMaxProblems);
    problems.push_back({{}, NumMore(num - kMaxProblems), ""});
  }
  for (Problem& problem : problems) {
    Clip(problem.message);
    Clip(problem.hint);
  }
}

std::string Describe(const std::vector<Problem>& problems) {
  std::string text;
  for (size_t i = 0; i < problems.size(); ++i) {
    const Problem& problem = problems[i];
    if (text.size() >= kMaxDescription) {
      return absl::StrCat(text, NumMore(problems.size() - i), "\n");
    }
    if (problem.place.line != 0) {
      absl::StrAppend(&text, "line ", problem.place.line, ", column ",
                      problem.place.column, ": ");
    }
    absl::StrAppend(&text, problem.message);
    if (!problem.hint.empty()) absl::StrAppend(&text, " (", problem.hint, ")");
    text += '\n';
  }
  return text;
}

}  // namespace warren::policy
