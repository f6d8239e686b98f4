#ifndef WARREN_CONTROL_COORDINATOR_REGISTER_COMMAND_H_
#define WARREN_CONTROL_COORDINATOR_REGISTER_COMMAND_H_

#include <string>
#include <vector>

#include "control/store/records.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"

namespace warren::control {

inline constexpr size_t kMaxNodeTags = 64;
inline constexpr size_t kMaxNodeRoutes = 256;

// What a device would like, beside getting in.
struct JoinWishes {
  std::vector<std::string> tags;      // "tag:x", checked; ascending
  std::vector<net::IpPrefix> routes;  // checked, see ParseRoutes()
  std::string tailnet;                // by name; empty: any
  bool force_sign_in = false;         // though its key is good
  friend bool operator==(const JoinWishes&, const JoinWishes&) = default;
};

// What a machine asks for. Its machine key is proven by its channel.
struct RegisterCommand {
  crypto::MachineKey machine;
  crypto::NodeKey node_key;      // to use from now on
  crypto::NodeKey old_node_key;  // the one it replaces; absent = none
  crypto::DiscoKey disco_key;    // absent = as before
  std::string auth_key;          // empty: renew, or sign in by a person
  std::string wanted_name;       // empty: from host.hostname
  HostDetails host;
  bool ephemeral = false;
  JoinWishes wishes;
  std::string source;      // the address it comes from; may be a proxy's
  std::string follow_url;  // the `auth_url` of an earlier answer; or empty
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_REGISTER_COMMAND_H_
