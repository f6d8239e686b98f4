#ifndef WARREN_CONTROL_COORDINATOR_PRESENCE_H_
#define WARREN_CONTROL_COORDINATOR_PRESENCE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/coordinator/directory.h"

// What nodes do after they have registered, and what time does to them.
namespace warren::control {

inline constexpr size_t kMaxReportedEndpoints = 64;

// A node's netmap stream. Each has another generation: what ends late cannot
// mark offline the node that has come back meanwhile.
struct StreamTicket {
  TailnetId tailnet;
  NodeId node;
  uint64_t generation = 0;
};

// The node is online from here on. NOT_FOUND: the machine has no such node.
absl::StatusOr<StreamTicket> StreamOpened(Directory& directory,
                                          const crypto::MachineKey& machine,
                                          const crypto::NodeKey& node_key,
                                          int64_t now_ms);
// The node is offline, unless a newer stream has opened.
void StreamClosed(Directory& directory, const StreamTicket& ticket,
                  int64_t now_ms);

struct ReportCommand {
  crypto::MachineKey machine;
  crypto::NodeKey node_key;
  crypto::DiscoKey disco_key;  // absent = as before
  HostDetails host;
  bool has_host = false;
  NodeReach reach;
  uint64_t applied_version = 0;
  std::vector<net::IpPrefix> routes;  // that it would serve, checked
  std::string source;                 // where it comes from, for the audit log
};
// Replaces what the node said before. Durable when OK. NOT_FOUND as above.
absl::Status Report(Directory& directory, const ReportCommand& command,
                    int64_t now_ms);

// Does what has become due: nodes whose key has expired lose their peers,
// ephemeral nodes that stayed away are removed.
void OnTime(Directory& directory, int64_t now_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_PRESENCE_H_
