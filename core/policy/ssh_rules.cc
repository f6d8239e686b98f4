#include "core/policy/ssh_rules.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/policy/hash.h"

namespace warren::policy {
namespace {

constexpr absl::string_view kDefaultCheckPeriod = "12h";
constexpr uint16_t kRecorderPort = 80;  // where tsrecorder listens

// The domain of "localpart:*@domain".
std::optional<absl::string_view> LocalpartDomain(absl::string_view user) {
  if (!absl::ConsumePrefix(&user, "localpart:*@") || user.empty()) {
    return std::nullopt;
  }
  return user;
}

// The account name that one of `domains` gives the user, of the first login or
// e-mail address that fits.
std::optional<std::string> LocalpartOf(
    const User& user, const std::vector<absl::string_view>& domains) {
  std::vector<absl::string_view> names = {user.login};
  names.insert(names.end(), user.emails.begin(), user.emails.end());
  for (const absl::string_view name : names) {
    const size_t at = name.rfind('@');
    if (at == absl::string_view::npos || at == 0) continue;
    const bool fits = std::ranges::any_of(domains, [&](absl::string_view d) {
      return absl::EqualsIgnoreCase(name.substr(at + 1), d);
    });
    if (fits) return std::string(name.substr(0, at));
  }
  return std::nullopt;
}

std::vector<net::IpAddress> PrincipalsOf(const Directory& directory,
                                         const Indices& devices) {
  AddressTexts v4;
  AddressTexts v6;
  for (const Index node : devices) {
    for (const AddressText& text : directory.TextsOf(node)) {
      (text.ranges[0].first.is_v4() ? v4 : v6).push_back(text);
    }
  }
  std::vector<net::IpAddress> principals;
  for (AddressTexts* texts : {&v4, &v6}) {
    std::ranges::sort(*texts);
    for (const AddressText& text : *texts) {
      principals.push_back(text.ranges[0].first);
    }
  }
  return principals;
}

std::map<std::string, std::string> UserMap(const SshRule& rule) {
  std::map<std::string, std::string> users;
  users["root"];
  for (const Text& user : rule.users) {
    if (LocalpartDomain(user.text).has_value()) continue;
    if (user.text == "autogroup:nonroot") {
      users.insert_or_assign("*", std::string(1, '='));
    } else {
      users[user.text] = user.text;
    }
  }
  return users;
}

uint64_t HashRule(const SshPolicyRule& rule) {
  uint64_t hash = Mix(rule.action.accept, HashOf(rule.action.check_period));
  for (const net::IpAddress& address : rule.principals) {
    hash = Mix(hash, HashOf(address.ToString()));
  }
  for (const auto& [name, local] : rule.ssh_users) {
    hash = Mix(Mix(hash, HashOf(name)), HashOf(local));
  }
  for (const std::string& env : rule.accept_env) hash = Mix(hash, HashOf(env));
  for (const std::string& to : rule.recorders) hash = Mix(hash, HashOf(to));
  return Mix(hash, rule.enforce_recorder);
}

std::vector<std::string> RecordersOf(Resolver& resolver, const Texts& who) {
  std::vector<std::string> recorders;
  const Directory& directory = resolver.directory();
  for (const auto& address : PrincipalsOf(directory, resolver.Devices(who))) {
    recorders.push_back(net::Endpoint(address, kRecorderPort).ToString());
  }
  return recorders;
}

}  // namespace

bool MayLogInAs(const std::map<std::string, std::string>& ssh_users,
                const std::string& user) {
  auto at = ssh_users.find(user);
  if (at == ssh_users.end()) at = ssh_users.find("*");
  return !user.empty() && at != ssh_users.end() && !at->second.empty();
}

// Who logs in by a rule.
struct SshRules::Sources {
  Indices devices;
  std::vector<absl::string_view> domains;  // of "localpart:" users

  Indices OfUser(const Directory& directory, Index user) const {
    Indices own;
    std::ranges::set_intersection(directory.OfUser(user), devices,
                                  std::back_inserter(own));
    return own;
  }
};

SshRules::SshRules(Resolver& resolver) {
  of_node_.resize(resolver.directory().nodes().size());
  for (const SshRule& rule : resolver.policy().ssh) Add(resolver, rule);
}

void SshRules::Add(Resolver& resolver, const SshRule& rule) {
  const Directory& directory = resolver.directory();
  const Texts& postures = rule.src_posture.empty()
                              ? resolver.policy().default_src_posture
                              : rule.src_posture;
  Sources sources;
  sources.devices = resolver.Devices(rule.src);
  std::erase_if(sources.devices,
                [&](Index node) { return !resolver.Meets(node, postures); });
  if (sources.devices.empty()) return;
  for (const Text& user : rule.users) {
    const auto domain = LocalpartDomain(user.text);
    if (domain.has_value()) sources.domains.push_back(*domain);
  }
  SshPolicyRule base;
  base.ssh_users = UserMap(rule);
  base.action.accept = rule.action.text == "accept";
  if (!base.action.accept) {
    const absl::string_view period =
        rule.check_period.has_value()
            ? absl::string_view(rule.check_period->text)
            : kDefaultCheckPeriod;
    base.action.check_period = std::string(period);
  }
  for (const Text& env : rule.accept_env) base.accept_env.push_back(env.text);
  base.recorders = RecordersOf(resolver, rule.recorder);
  base.enforce_recorder = rule.enforce_recorder;

  Texts others;
  bool self = false;
  for (const Text& dst : rule.dst) {
    const bool is_self =
        resolver.Resolve(dst.text).kind == Resolved::Kind::kSelf;
    self = self || is_self;
    if (!is_self) others.push_back(dst);
  }
  if (self) AddSelf(directory, sources, base);
  if (others.empty()) return;
  const Indices targets = resolver.Devices(others);
  if (!sources.domains.empty()) {
    AddByUser(directory, sources, targets, base);
    AddOwnDevices(directory, sources, targets, base);
    return;
  }
  base.principals = PrincipalsOf(directory, sources.devices);
  Give({base}, targets);
}

namespace {

// What one user gets: the rule as written, and one for the account that is
// named like the user.
std::vector<SshPolicyRule> RulesOfUser(
    const User& user, const std::vector<absl::string_view>& domains,
    const SshPolicyRule& base) {
  std::vector<SshPolicyRule> rules = {base};
  const auto account = LocalpartOf(user, domains);
  if (account.has_value()) {
    rules.push_back(base);
    rules.back().ssh_users = {{*account, *account}};
  }
  return rules;
}

}  // namespace

void SshRules::AddSelf(const Directory& directory, const Sources& sources,
                       const SshPolicyRule& base) {
  for (Index user = 0; user < directory.users().size(); ++user) {
    const Indices speakers = sources.OfUser(directory, user);
    if (speakers.empty()) continue;
    SshPolicyRule rule = base;
    rule.principals = PrincipalsOf(directory, speakers);
    Give(RulesOfUser(*directory.users()[user], sources.domains, rule),
         directory.OfUser(user));
  }
}

void SshRules::AddByUser(const Directory& directory, const Sources& sources,
                         const Indices& targets, const SshPolicyRule& base) {
  std::vector<SshPolicyRule> rules;
  for (Index user = 0; user < directory.users().size(); ++user) {
    const Indices speakers = sources.OfUser(directory, user);
    if (speakers.empty()) continue;
    SshPolicyRule rule = base;
    rule.principals = PrincipalsOf(directory, speakers);
    for (SshPolicyRule& one :
         RulesOfUser(*directory.users()[user], sources.domains, rule)) {
      rules.push_back(std::move(one));
    }
  }
  Indices tagged;
  std::ranges::set_intersection(directory.tagged(), sources.devices,
                                std::back_inserter(tagged));
  if (!tagged.empty()) {
    rules.push_back(base);
    rules.back().principals = PrincipalsOf(directory, tagged);
  }
  Give(std::move(rules), targets);
}

// A rule with "localpart:" lets people among its sources into their own
// devices too, as the hosted service has it.
void SshRules::AddOwnDevices(const Directory& directory, const Sources& sources,
                             const Indices& targets,
                             const SshPolicyRule& base) {
  for (const Index node : sources.devices) {
    if (std::ranges::binary_search(targets, node)) continue;
    const auto user = directory.UserOf(node);
    if (!user.has_value()) continue;
    SshPolicyRule rule = base;
    rule.principals = PrincipalsOf(directory, sources.OfUser(directory, *user));
    Give(RulesOfUser(*directory.users()[*user], sources.domains, rule), {node});
  }
}

void SshRules::Give(std::vector<SshPolicyRule> rules, const Indices& nodes) {
  if (rules.empty() || nodes.empty()) return;
  Block block;
  for (const SshPolicyRule& rule : rules) {
    block.hash = Mix(block.hash, HashRule(rule));
  }
  block.rules = std::move(rules);
  for (const Index node : nodes) {
    of_node_[node].push_back(static_cast<uint32_t>(blocks_.size()));
  }
  blocks_.push_back(std::move(block));
}

std::vector<SshPolicyRule> SshRules::Of(Index node) const {
  std::vector<SshPolicyRule> rules;
  for (const bool accept : {false, true}) {
    for (const uint32_t b : of_node_[node]) {
      std::ranges::copy_if(
          blocks_[b].rules, std::back_inserter(rules),
          [&](const SshPolicyRule& r) { return r.action.accept == accept; });
    }
  }
  return rules;
}

uint64_t SshRules::Hash(Index node) const {
  uint64_t hash = 0;
  for (const uint32_t b : of_node_[node]) hash = Mix(hash, blocks_[b].hash);
  return hash;
}

}  // namespace warren::policy
