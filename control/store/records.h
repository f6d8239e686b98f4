#ifndef WARREN_CONTROL_STORE_RECORDS_H_
#define WARREN_CONTROL_STORE_RECORDS_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "control/store/access_records.h"
#include "control/store/account_records.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/derp/relay_map.h"
#include "core/net/ip.h"
#include "core/policy/topology.h"

// The rows of the store, as values. Times are milliseconds since 1970-01-01
// UTC, 0 = not set.
namespace warren::control {

using AuthKeyId = StrongId<struct AuthKeyIdTag, int64_t>;

// Switches of a tailnet; warren.v1.TailnetSettings.
struct TailnetSettings {
  bool approve_devices = false;
  bool approve_users = false;
  bool invited_only = false;
  bool local_accounts = true;
  bool require_second_factor = false;
  int64_t key_lifetime_ms = 0;       // 0 = the server's
  int64_t ephemeral_timeout_ms = 0;  // 0 = the server's
  int64_t session_lifetime_ms = 0;   // 0 = 12 hours
  friend bool operator==(const TailnetSettings&,
                         const TailnetSettings&) = default;
};

struct TailnetRecord {
  TailnetId id;
  std::string name;
  int64_t created_ms = 0;
  // No netmap with a greater version was ever published.
  uint64_t version = 0;
  TailnetSettings settings = {};
  friend bool operator==(const TailnetRecord&, const TailnetRecord&) = default;
};

enum class UserStatus : uint8_t {
  kActive = 0,
  kWaiting = 1,    // for an administrator's approval
  kSuspended = 2,  // neither the person nor its devices get anywhere
};

struct UserRecord {
  UserId id;
  TailnetId tailnet;
  std::string login;
  std::string display_name;
  int64_t created_ms = 0;
  policy::Role role = policy::Role::kMember;  // the five of this server
  UserStatus status = UserStatus::kActive;
  int64_t last_login_ms = 0;
  friend bool operator==(const UserRecord&, const UserRecord&) = default;
};

// What an auth key gives to the nodes that join with it.
struct AuthKeyGrant {
  bool reusable = false;
  bool ephemeral = false;
  std::vector<std::string> tags = {};
  bool preapproved = false;  // no administrator need approve them
  uint64_t max_uses = 0;     // of a reusable key; 0 = no limit
  friend bool operator==(const AuthKeyGrant&, const AuthKeyGrant&) = default;
};

struct AuthKeyRecord {
  AuthKeyId id;
  TailnetId tailnet;
  UserId user;
  std::string prefix;              // the public part
  std::array<uint8_t, 32> hash{};  // of the whole key
  AuthKeyGrant grant;
  std::string description;
  int64_t created_ms = 0;
  int64_t expires_ms = 0;
  int64_t revoked_ms = 0;
  uint64_t num_uses = 0;
  friend bool operator==(const AuthKeyRecord&, const AuthKeyRecord&) = default;
};

struct NodeKeys {
  crypto::MachineKey machine;
  crypto::NodeKey node;
  crypto::DiscoKey disco;
  friend bool operator==(const NodeKeys&, const NodeKeys&) = default;
};

struct NodeNaming {
  std::string name;       // one DNS label, unique in the tailnet
  std::string wanted;     // the label asked for, before it was made unique
  bool by_admin = false;  // an administrator chose it: what is asked is void
  friend bool operator==(const NodeNaming&, const NodeNaming&) = default;
};

struct NodeTimes {
  int64_t created_ms = 0;
  int64_t key_expiry_ms = 0;  // 0 = never
  int64_t last_seen_ms = 0;   // end of the last stream
  friend bool operator==(const NodeTimes&, const NodeTimes&) = default;
};

// How a node got in, last.
struct NodeSignIn {
  std::string by;  // "alice@example.com", "auth key wk-ab12"
  int64_t at_ms = 0;
  std::string from;  // the address it came from
  friend bool operator==(const NodeSignIn&, const NodeSignIn&) = default;
};

// What it may route for others, and what an administrator says of it.
struct NodeRoutes {
  std::vector<net::IpPrefix> advertised;
  std::vector<net::IpPrefix> approved;  // by an administrator
  // When it first advertised what it does: the first is the primary router.
  int64_t since_ms = 0;
  friend bool operator==(const NodeRoutes&, const NodeRoutes&) = default;
};

// As the node says. Valid UTF-8, each at most 255 bytes.
struct HostDetails {
  std::string hostname;
  std::string os;
  std::string os_version;
  std::string client_version;
  friend bool operator==(const HostDetails&, const HostDetails&) = default;
};

// Where the node can be reached, as it says.
struct NodeReach {
  std::vector<net::Endpoint> endpoints;
  RelayId home_relay;
  friend bool operator==(const NodeReach&, const NodeReach&) = default;
};

// What an administrator decided of a node.
struct NodeStanding {
  int64_t approved_ms = 0;  // 0 = waits for approval
  NodeSignIn sign_in;
  NodeRoutes routes;
  std::map<std::string, std::string> attributes;  // "custom:x"
  friend bool operator==(const NodeStanding&, const NodeStanding&) = default;
};

struct NodeRecord {
  NodeId id;
  TailnetId tailnet;
  UserId owner;  // who let it in; also of a tagged node
  NodeKeys keys;
  NodeNaming naming;
  net::IpAddress ipv4;
  net::IpAddress ipv6;
  AuthKeyGrant grant;  // `tags` and `ephemeral` alone
  AuthKeyId auth_key;  // joined with it last; it may be gone
  NodeTimes times;
  HostDetails host;
  NodeReach reach;
  NodeStanding standing = {};
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

struct RelayRecord {
  TailnetId tailnet;
  derp::RelayRegion region;
  friend bool operator==(const RelayRecord&, const RelayRecord&) = default;
};

// One change that somebody made. Texts are for people and hold no secrets.
struct AuditRecord {
  TailnetId tailnet;
  int64_t time_ms = 0;
  std::string actor;   // "uid 0", "node alice"
  std::string action;  // "node.rename"
  std::string target;
  std::string before;
  std::string after;
  // Where the order came from: "203.0.113.7", "socket".
  std::string source = {};
  int64_t id = 0;  // rises; given by the store
  friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_RECORDS_H_
