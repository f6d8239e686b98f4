#ifndef WARREN_CONTROL_COORDINATOR_NODE_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_NODE_COMMANDS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"
#include "control/coordinator/register_command.h"
#include "control/coordinator/tag_rights.h"

// What is decided about devices, beside administration.h: each function checks
// also whether the order may (PERMISSION_DENIED), stores, and then applies.
namespace warren::control {

inline constexpr size_t kMaxNodeAttributes = 64;
inline constexpr size_t kMaxAttributeSize = 255;  // bytes, of name or value

// Lets a waiting device in. Network admins.
absl::Status ApproveNode(Directory& directory, const Order& order,
                         TailnetState& tailnet, const NodeState& node);

// All its tags; none: it is its owner's again. Members must own each tag that
// is new, by the policy in force; network admins may set any. A tagged node
// does not expire; one that loses its tags does, after the lifetime that keys
// have now.
absl::Status SetNodeTags(Directory& directory, const Order& order,
                         TailnetState& tailnet, const NodeState& node,
                         const std::vector<std::string>& tags);

// Network admins. ALREADY_EXISTS: a node of this server has it; INVALID: it is
// none for a node.
absl::Status SetNodeAddress(Directory& directory, const Order& order,
                            TailnetState& tailnet, const NodeState& node,
                            absl::string_view ipv4);

// Gives it to another user; shares of it end, and approved routes are gone.
// Network admins.
absl::Status SetNodeOwner(Directory& directory, const Order& order,
                          TailnetState& tailnet, const NodeState& node,
                          UserId owner);

// All routes that are approved. Network admins.
absl::Status SetNodeRoutes(Directory& directory, const Order& order,
                           TailnetState& tailnet, const NodeState& node,
                           const std::vector<std::string>& routes);

// "custom:name" -> value; an empty value removes. Others stay. Network admins.
absl::Status SetNodeAttributes(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const NodeState& node, const std::map<std::string, std::string>& changes);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_NODE_COMMANDS_H_
