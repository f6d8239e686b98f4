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
  crypto::DiscoKey disco_key;              // zero until the node's first report
  std::vector<net::IpAddress> addresses;   // its own, IPv4 first
  std::vector<net::IpPrefix> allowed_ips;  // what WireGuard accepts from it
  std::vector<net::Endpoint> endpoints;    // candidates, the node's order
  RelayId home_relay;                      // 0 = none
  bool online = false;
  UserId user;  // 0 when tagged
  std::string user_login;
  std::vector<std::string> tags;
  std::string os;
  absl::Duration key_expiry;  // zero = never
  absl::Duration last_seen;   // zero while online
  bool ephemeral = false;

  friend bool operator==(const Node&, const Node&) = default;
};

// All that a node knows of its tailnet: who it is, whom it may see, what may
// come in, and which relays there are. A value; equal netmaps behave alike.
struct Netmap {
  uint64_t version = 0;  // of the tailnet; rises with each change
  std::string tailnet;
  Node self;
  std::map<NodeId, Node> peers;
  std::vector<filter::Rule> filter;
  derp::RelayMap relay_map;

  friend bool operator==(const Netmap&, const Netmap&) = default;
};

// What changes between two netmaps. An empty optional means "as before".
struct NetmapDiff {
  uint64_t from_version = 0;
  uint64_t to_version = 0;
  std::optional<std::string> tailnet;
  std::optional<Node> self;
  std::vector<NodeId> removed_peers;  // ascending
  std::vector<Node> upserted_peers;   // whole nodes, ascending by id
  std::optional<std::vector<filter::Rule>> filter;
  std::optional<derp::RelayMap> relay_map;

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
