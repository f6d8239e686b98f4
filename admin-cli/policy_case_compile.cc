#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "admin-cli/policy_case.h"
#include "core/net/ip.h"
#include "core/policy/compiled.h"
#include "core/policy/policy_text.h"
#include "core/policy/tests.h"
#include "nlohmann/json.hpp"

// How a compiled policy is printed: as a stock client is told of it.
namespace warren::admin {
namespace {

using Json = nlohmann::json;
using policy::Compiled;
using policy::FilterRule;
using policy::Node;
using policy::NodeView;

Json Texts(const policy::AddressTexts& addresses) {
  Json texts = Json::array();
  for (const auto& address : addresses) texts.push_back(address.text);
  return texts;
}

// An empty list is null, as the hosted service has it.
Json OrNull(const std::vector<std::string>& texts) {
  return texts.empty() ? Json() : Json(texts);
}

// Values are JSON already.
Json Values(const std::vector<std::string>& values) {
  if (values.empty()) return Json();
  Json list = Json::array();
  for (const std::string& value : values) {
    list.push_back(Json::parse(value, nullptr, /*allow_exceptions=*/false));
  }
  return list;
}

Json Capabilities(const std::map<std::string, std::vector<std::string>>& caps) {
  Json object = Json::object();
  for (const auto& [name, values] : caps) object[name] = Values(values);
  return object;
}

Json Filter(const std::vector<FilterRule>& rules) {
  Json list = Json::array();
  for (const FilterRule& rule : rules) {
    Json one = {{"SrcIPs", Texts(*rule.sources)}};
    for (const auto& to : rule.destinations) {
      one["DstPorts"].push_back(
          {{"IP", to.address.text},
           {"Ports", {{"First", to.first_port}, {"Last", to.last_port}}}});
    }
    for (const uint8_t protocol : rule.protocols) {
      one["IPProto"].push_back(protocol);
    }
    for (const auto& grant : rule.cap_grants) {
      Json caps = Capabilities(grant.capabilities);
      for (const auto& name : grant.empty_lists) caps[name] = Json::array();
      Json to = Json::array();
      for (const auto& prefix : grant.destinations) {
        to.push_back(prefix.ToString());
      }
      one["CapGrant"].push_back(
          {{"Dsts", std::move(to)}, {"CapMap", std::move(caps)}});
    }
    list.push_back(std::move(one));
  }
  return list;
}

// Own addresses, then subnets, then ways out.
std::vector<std::string> AllowedIps(const Node& node, bool hide_ipv4,
                                    const std::vector<net::IpPrefix>& routes) {
  std::vector<std::string> allowed;
  if (node.ipv4.has_value() && !hide_ipv4) {
    allowed.push_back(net::IpPrefix::Single(*node.ipv4).ToString());
  }
  if (node.ipv6.has_value()) {
    allowed.push_back(net::IpPrefix::Single(*node.ipv6).ToString());
  }
  for (const bool exits : {false, true}) {
    for (const net::IpPrefix& route : routes) {
      if ((route.bits() == 0) == exits) allowed.push_back(route.ToString());
    }
  }
  return allowed;
}

Json Ssh(const std::vector<policy::SshPolicyRule>& rules) {
  Json list = Json::array();
  for (const policy::SshPolicyRule& rule : rules) {
    Json principals = Json::array();
    for (const auto& address : rule.principals) {
      principals.push_back({{"nodeIP", address.ToString()}});
    }
    Json action;
    if (rule.action.accept) {
      action = {{"accept", true},
                {"allowAgentForwarding", true},
                {"allowLocalPortForwarding", true},
                {"allowRemotePortForwarding", true}};
    } else {
      action["holdAndDelegate"] =
          "https://unused/machine/ssh/action/$SRC_NODE_ID/to/$DST_NODE_ID"
          "?local_user=$LOCAL_USER";
    }
    if (!rule.recorders.empty()) action["recorders"] = rule.recorders;
    if (rule.enforce_recorder) {
      action["onRecordingFailure"] = {
          {"RejectSessionWithMessage", "the session cannot be recorded"},
          {"TerminateSessionWithMessage", "the session is not recorded"}};
    }
    Json one = {{"principals", std::move(principals)},
                {"sshUsers", rule.ssh_users},
                {"action", std::move(action)}};
    if (!rule.accept_env.empty()) one["acceptEnv"] = rule.accept_env;
    list.push_back(std::move(one));
  }
  return list;
}

// Prints the views of one compilation.
class Printer {
 public:
  Printer(const PolicyCase& c, const Compiled& compiled) : case_(c) {
    for (const Node& node : c.topology.nodes) {
      const auto [at, is_new] =
          views_.emplace(node.id, std::pair(&node, compiled.View(node.id)));
      (void)at;
      (void)is_new;
    }
  }

  Json All() const {
    Json all = Json::object();
    for (const auto& [id, entry] : views_) {
      const auto& [node, view] = entry;
      all[node->name] = {{"filter", Filter(view.filter)},
                         {"peers", Peers(view)},
                         {"self", Self(*node, view)},
                         {"ssh", Ssh(view.ssh)},
                         {"whois_caps", WhoIs(*node, view)}};
    }
    return all;
  }

 private:
  Json Peers(const NodeView& view) const {
    Json peers = Json::object();
    for (const policy::PeerView& peer : view.peers) {
      const auto& [node, own] = views_.at(peer.id);
      std::vector<std::string> primary;
      for (const auto& route : peer.primary_routes) {
        primary.push_back(route.ToString());
      }
      peers[node->name] = {
          {"allowed_ips",
           AllowedIps(*node, own.hide_ipv4 || view.hide_ipv4, peer.routes)},
          {"primary_routes", OrNull(primary)},
          {"tags", OrNull(node->tags)}};
    }
    return peers;
  }

  Json Self(const Node& node, const NodeView& view) const {
    Json caps = Capabilities(view.cap_map);
    // What every node is told, whatever the policy.
    for (const char* name :
         {"https://tailscale.com/cap/file-sharing",
          "https://tailscale.com/cap/ssh",
          "https://tailscale.com/cap/tailnet-lock", "probe-udp-lifetime",
          "ssh-behavior-v1", "ssh-env-vars", "store-appc-routes"}) {
      caps[name] = Json();
    }
    if (case_.auto_update_off) caps["default-auto-update"] = {false};
    caps["tailnet-display-name"] = {case_.owner};
    for (const policy::User& user : case_.topology.users) {
      // Tagged devices count as the owner's, who set them up.
      if (user.role == policy::Role::kOwner &&
          (user.id == node.user || !node.tags.empty())) {
        caps["https://tailscale.com/cap/is-owner"] = Json();
      }
      const bool is_admin = user.role == policy::Role::kOwner ||
                            user.role == policy::Role::kAdmin;
      if (is_admin && user.id == node.user && node.tags.empty()) {
        caps["https://tailscale.com/cap/is-admin"] = Json();
      }
    }
    return {{"allowed_ips", AllowedIps(node, view.hide_ipv4, view.routes)},
            {"cap_map", std::move(caps)},
            {"tags", OrNull(node.tags)}};
  }

  // What the node believes of each peer that speaks to it, at its address of
  // the same family.
  Json WhoIs(const Node& self, const NodeView& view) const {
    Json who = Json::object();
    for (const policy::PeerView& peer : view.peers) {
      const Node& node = *views_.at(peer.id).first;
      if (node.ipv4.has_value()) {
        who[node.ipv4->ToString()] =
            CapabilitiesOf(*node.ipv4, self.ipv4, view);
      }
      if (node.ipv6.has_value()) {
        who[node.ipv6->ToString()] =
            CapabilitiesOf(*node.ipv6, self.ipv6, view);
      }
    }
    return who;
  }

  static Json CapabilitiesOf(const net::IpAddress& address,
                             const std::optional<net::IpAddress>& own,
                             const NodeView& view) {
    Json caps;
    if (!own.has_value()) return caps;
    for (const FilterRule& rule : view.filter) {
      const bool speaks = std::ranges::any_of(
          *rule.sources, [&](const policy::AddressText& text) {
            return text.Overlaps({address, address});
          });
      if (!speaks) continue;
      for (const policy::CapGrant& grant : rule.cap_grants) {
        const bool here = std::ranges::any_of(
            grant.destinations,
            [&](const net::IpPrefix& to) { return to.Contains(*own); });
        if (!here) continue;
        for (const auto& [name, values] : grant.capabilities) {
          Json& list = caps[name];
          for (const Json& value : Values(values)) list.push_back(value);
        }
      }
    }
    return caps;
  }

  const PolicyCase& case_;
  std::map<NodeId, std::pair<const Node*, NodeView>> views_;
};

Json Refusal(std::vector<policy::Problem> problems) {
  for (policy::Problem& problem : problems) {  // As the hosted service says.
    if (!absl::StartsWith(problem.message, "unknown field ")) continue;
    problem.message.insert(0, "json: ");
  }
  return {{"status", 400},
          {"error", {{"message", policy::Describe(problems)}}},
          {"expect", Json::object()}};
}

Json Compile(const PolicyCase& c) {
  policy::CheckOptions options;
  options.nested_groups = false;
  options.ssh_to_autogroups = false;
  options.tests_of_many = false;
  const size_t at = c.owner.find('@');
  if (at != std::string::npos) options.domains = {c.owner.substr(at + 1)};
  auto parsed = policy::ParsePolicy(c.policy_text, options);
  if (!parsed.ok()) return Refusal(parsed.problems);
  const auto policy =
      std::make_shared<const policy::Policy>(std::move(parsed.policy));
  const auto failed = policy::RunTests(*policy, c.topology);
  if (!failed.empty()) return Refusal(failed);
  const auto compiled = Compiled::Make(
      policy, std::make_shared<const policy::Topology>(c.topology));
  return {{"status", 200}, {"expect", Printer(c, *compiled).All()}};
}

}  // namespace

std::string CompilePolicyCase(const PolicyCase& c) {
  return absl::StrCat(
      Compile(c).dump(1, ' ', false, Json::error_handler_t::replace), "\n");
}

}  // namespace warren::admin
