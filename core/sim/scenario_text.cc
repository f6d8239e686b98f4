#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/sim/scenario.h"

namespace warren::sim {
namespace {

const char* NameOf(Depends depends) {
  switch (depends) {
    case Depends::kNothing:
      return "nothing";
    case Depends::kAddress:
      return "address";
    case Depends::kAddressAndPort:
      return "address and port";
  }
  return "?";
}

std::string TextOf(const NatKind& nat) {
  std::string text = absl::StrCat("NAT maps by ", NameOf(nat.mapping),
                                  ", filters by ", NameOf(nat.filtering));
  switch (nat.ports) {
    case Ports::kPreserving:
      absl::StrAppend(&text, ", preserves ports");
      break;
    case Ports::kSequential:
      absl::StrAppend(&text, ", next port is ", nat.step, " more");
      break;
    case Ports::kRandom:
      absl::StrAppend(&text, ", random ports");
      break;
  }
  if (nat.num_ports < NatKind().num_ports) {
    absl::StrAppend(&text, " of ", nat.num_ports, " from ", nat.first_port);
  }
  absl::StrAppend(&text, ", for ", absl::FormatDuration(nat.lifetime));
  if (nat.refreshed_from_outside) absl::StrAppend(&text, " since any use");
  if (nat.hairpins) absl::StrAppend(&text, ", hairpins");
  if (nat.remembers_strangers) absl::StrAppend(&text, ", remembers strangers");
  return text;
}

std::string TextOf(const SitePlan& plan) {
  const SiteKind& site = plan.kind;
  std::vector<std::string> parts;
  if (!site.v4) parts.push_back("no IPv4");
  if (site.v6) parts.push_back("IPv6");
  if (site.nat64) parts.push_back("NAT64");
  if (site.translates()) {
    parts.push_back(TextOf(site.nat));
  } else if (site.v4) {
    parts.push_back("public IPv4");
  }
  if (site.firewall != Depends::kNothing) {
    parts.push_back(absl::StrCat("firewall admits by ", NameOf(site.firewall)));
  }
  if (site.udp_blocked) parts.push_back("UDP blocked");
  if (site.mapper == Mapper::kHonest) parts.push_back("maps ports");
  if (site.mapper == Mapper::kLies) parts.push_back("lies about mapped ports");
  if (site.common_lan) parts.push_back("LAN 192.168.1.0/24");
  if (plan.carrier >= 0) {
    parts.push_back(absl::StrCat("under carrier ", plan.carrier));
  }
  return absl::StrJoin(parts, "; ");
}

std::string TextOf(const Link& link) {
  std::string text = absl::FormatDuration(link.delay);
  if (link.jitter > absl::ZeroDuration()) {
    absl::StrAppend(&text, " to ",
                    absl::FormatDuration(link.delay + link.jitter));
  }
  if (link.loss > 0) {
    absl::StrAppendFormat(&text, ", loses %.1f %%", 100 * link.loss);
  }
  if (link.duplication > 0) absl::StrAppend(&text, ", duplicates");
  if (link.mtu < 1500) absl::StrAppend(&text, ", MTU ", link.mtu);
  return text;
}

}  // namespace

std::string NodeName(size_t node) {
  return std::string(1, static_cast<char>('a' + node));
}

std::string Describe(const TroublePlan& trouble) {
  const std::string node = NodeName(trouble.node);
  const std::string lasts = absl::FormatDuration(trouble.lasts);
  switch (trouble.what) {
    case Trouble::kRoam:
      return absl::StrCat(node, " roams to site ", trouble.where);
    case Trouble::kRebind:
      return absl::StrCat("the NAT of ", node, " forgets its mappings");
    case Trouble::kRenumber:
      return absl::StrCat("the router of ", node, " gets a new address");
    case Trouble::kFlap:
      return absl::StrCat(node, " is without a network for ", lasts);
    case Trouble::kSleep:
      return absl::StrCat(node, " sleeps for ", lasts);
    case Trouble::kRelayRestart:
      return absl::StrCat("relay ", trouble.node + 1, " is away for ", lasts);
    case Trouble::kLoseV6:
      return absl::StrCat(node, " has no IPv6 for ", lasts);
    case Trouble::kPauseControl:
      return absl::StrCat(node, " roams to site ", trouble.where,
                          ", and control tells nobody for ", lasts);
    case Trouble::kLossBurst:
      return absl::StrCat(node, " loses half of all for ", lasts);
    case Trouble::kBlockUdp:
      return absl::StrCat(node, " has no UDP for ", lasts);
    case Trouble::kReboot:
      return absl::StrCat(node, " starts anew");
    case Trouble::kStepClock:
      return absl::StrCat("the wall clock of ", node, " is set wrong");
    case Trouble::kReplay:
      return absl::StrCat("somebody repeats what ", node, " has sent");
  }
  return "?";
}

std::string Describe(const Scenario& s) {
  std::string text = absl::StrCat("seed ", s.seed, "\n");
  for (size_t i = 0; i < s.relays.size(); ++i) {
    absl::StrAppend(&text, "  relay ", i + 1, ": ",
                    absl::FormatDuration(s.relays[i]), "\n");
  }
  for (size_t i = 0; i < s.carriers.size(); ++i) {
    absl::StrAppend(&text, "  carrier ", i, ": ", TextOf(s.carriers[i]), "\n");
  }
  for (size_t i = 0; i < s.sites.size(); ++i) {
    absl::StrAppend(&text, "  site ", i, ": ", TextOf(s.sites[i]), "\n");
  }
  for (size_t i = 0; i < s.nodes.size(); ++i) {
    absl::StrAppend(&text, "  node ", NodeName(i), ": at site ",
                    s.nodes[i].site, ", ", TextOf(s.nodes[i].link), "\n");
  }
  for (const TroublePlan& trouble : s.troubles) {
    absl::StrAppend(&text, "  then ", Describe(trouble), "\n");
  }
  return text;
}

}  // namespace warren::sim
