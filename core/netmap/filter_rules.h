#ifndef WARREN_CORE_NETMAP_FILTER_RULES_H_
#define WARREN_CORE_NETMAP_FILTER_RULES_H_

#include <vector>

#include "core/filter/rule.h"
#include "core/net/ip.h"
#include "core/netmap/netmap.h"
#include "core/policy/compiled.h"

// From rules as a policy spells them to what nodes are told: prefixes.
namespace warren::netmap {

// The fewest prefixes that cover first..last, one family, first <= last;
// ascending.
std::vector<net::IpPrefix> PrefixesOf(const policy::AddressRange& range);

std::vector<filter::Rule> RulesOf(const std::vector<policy::FilterRule>& from);
std::vector<CapGrant> GrantsOf(const std::vector<policy::FilterRule>& from);
std::vector<SshRule> SshRulesOf(const std::vector<policy::SshPolicyRule>& from);

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_FILTER_RULES_H_
