#ifndef WARREN_CORE_POLICY_SSH_RULES_H_
#define WARREN_CORE_POLICY_SSH_RULES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/net/ip.h"
#include "core/policy/directory.h"
#include "core/policy/policy.h"
#include "core/policy/resolve.h"

// The `ssh` section of a policy, for each node that is logged in to
// (specs/control-ts2021.md 6.6, 3.12).
namespace warren::policy {

struct SshAction {
  bool accept = false;       // else: ask, by hold_and_delegate
  std::string check_period;  // of a check; "12h"
  friend bool operator==(const SshAction&, const SshAction&) = default;
};

struct SshPolicyRule {
  // All IPv4, then all IPv6; ascending by text.
  std::vector<net::IpAddress> principals;
  std::map<std::string, std::string> ssh_users;  // spec 3.12
  SshAction action;
  std::vector<std::string> accept_env;
  std::vector<std::string> recorders;  // "ip:port"
  bool enforce_recorder = false;
  friend bool operator==(const SshPolicyRule&, const SshPolicyRule&) = default;
};

// Whether `ssh_users` of a rule lets one in as `user`.
bool MayLogInAs(const std::map<std::string, std::string>& ssh_users,
                const std::string& user);

// What all nodes get. Needs no resolver once it is made.
class SshRules {
 public:
  explicit SshRules(Resolver& resolver);

  // Those that ask come before those that accept; else the file's order.
  std::vector<SshPolicyRule> Of(Index node) const;
  // Of what Of(node) says.
  uint64_t Hash(Index node) const;

 private:
  // Rules that go together to some nodes.
  struct Block {
    std::vector<SshPolicyRule> rules;
    uint64_t hash = 0;
  };
  struct Sources;

  void Add(Resolver& resolver, const SshRule& rule);
  void AddSelf(const Directory& directory, const Sources& sources,
               const SshPolicyRule& base);
  void AddByUser(const Directory& directory, const Sources& sources,
                 const Indices& targets, const SshPolicyRule& base);
  void AddOwnDevices(const Directory& directory, const Sources& sources,
                     const Indices& targets, const SshPolicyRule& base);
  void Give(std::vector<SshPolicyRule> rules, const Indices& nodes);

  std::vector<Block> blocks_;
  std::vector<std::vector<uint32_t>> of_node_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_SSH_RULES_H_
