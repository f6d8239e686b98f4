#ifndef WARREN_CORE_NETMAP_NETMAP_H_
#define WARREN_CORE_NETMAP_NETMAP_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/derp/relay_map.h"
#include "core/filter/rule.h"
#include "core/net/ip.h"

namespace warren::netmap {

// One node of a tailnet, as another node (or it itself) sees it. Times are
// since 1970-01-01 UTC; zero = not set.
struct Node {
  NodeId id;
  std::string name;  // one DNS label, unique in the tailnet
  crypto::NodeKey node_key;
  crypto::DiscoKey disco_key;             // zero until the node's first report
  std::vector<net::IpAddress> addresses;  // its own, IPv4 first
  // What WireGuard accepts from it: its addresses, then the routes that the
  // viewer may use through it. Of self: also those that it serves.
  std::vector<net::IpPrefix> allowed_ips;
  std::vector<net::IpPrefix> primary_routes;  // it is the one router for them
  std::vector<net::Endpoint> endpoints;       // candidates, the node's order
  RelayId home_relay;                         // 0 = none
  bool online = false;
  UserId user;  // 0 when tagged
  std::string user_login;
  std::vector<std::string> tags;
  std::string os;
  absl::Duration key_expiry;  // zero = never
  absl::Duration last_seen;   // zero while online
  bool ephemeral = false;
  // Of another tailnet, shared with us: the domain its name is in. Empty: ours.
  std::string domain;

  bool shared_in() const { return !domain.empty(); }
  friend bool operator==(const Node&, const Node&) = default;
};

// Capability -> values as JSON texts; no values = null. Specs 3.9, 6.5.
using CapMap = std::map<std::string, std::vector<std::string>>;

// What `sources` may do at `destinations`, which are ours: told to programs
// there, nothing that the packet filter looks at. Specs 3.11.
struct CapGrant {
  std::vector<net::IpPrefix> sources;
  std::vector<net::IpPrefix> destinations;
  CapMap capabilities;

  friend bool operator==(const CapGrant&, const CapGrant&) = default;
};

// Who may log in here by SSH, and as whom. The first that fits counts. Specs
// 3.12.
struct SshRule {
  std::vector<net::IpAddress> principals;  // all IPv4, then all IPv6
  // Wanted login -> local one; "=" the same, "" not by this rule.
  std::map<std::string, std::string> users;
  bool accept = false;       // else: after a check, good for `check_period`
  std::string check_period;  // "12h"
  std::vector<std::string> accept_env;
  std::vector<std::string> recorders;  // "ip:port"
  bool enforce_recorder = false;

  friend bool operator==(const SshRule&, const SshRule&) = default;
};

// All that a node knows of its tailnet: who it is, whom it may see, what may
// come in, and which relays there are. A value; equal netmaps behave alike.
struct Netmap {
  uint64_t version = 0;  // of the tailnet; rises with each change
  std::string tailnet;   // its name, for people
  std::string domain;    // below which the names of its nodes are
  Node self;
  std::map<NodeId, Node> peers;
  std::vector<filter::Rule> filter;
  std::vector<CapGrant> cap_grants;
  CapMap cap_map;  // what this node itself may do
  std::vector<SshRule> ssh;
  derp::RelayMap relay_map;
  uint64_t policy_version = 0;      // that made all this; 0 = the default
  bool waits_for_approval = false;  // by an administrator: no peers till then

  friend bool operator==(const Netmap&, const Netmap&) = default;
};

// What changes between two netmaps. An empty optional means "as before".
struct NetmapDiff {
  uint64_t from_version = 0;
  uint64_t to_version = 0;
  std::optional<std::string> tailnet;
  std::optional<std::string> domain;
  std::optional<Node> self;
  std::vector<NodeId> removed_peers;  // ascending
  std::vector<Node> upserted_peers;   // whole nodes, ascending by id
  std::optional<std::vector<filter::Rule>> filter;
  std::optional<std::vector<CapGrant>> cap_grants;
  std::optional<CapMap> cap_map;
  std::optional<std::vector<SshRule>> ssh;
  std::optional<derp::RelayMap> relay_map;
  std::optional<uint64_t> policy_version;
  std::optional<bool> waits_for_approval;

  // Whether it carries nothing but the version.
  bool Empty() const;
  friend bool operator==(const NetmapDiff&, const NetmapDiff&) = default;
};

// The smallest diff with Apply(Diff(from, to), from) == to.
NetmapDiff Diff(const Netmap& from, const Netmap& to);

// Brings `netmap` to diff.to_version. FAILED_PRECONDITION, with `netmap` left
// as it was, if the diff starts from another version: ask for a full netmap.
absl::Status Apply(const NetmapDiff& diff, Netmap& netmap);

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_NETMAP_H_
