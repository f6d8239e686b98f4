#ifndef WARREN_CONTROL_COORDINATOR_PUBLICATION_H_
#define WARREN_CONTROL_COORDINATOR_PUBLICATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/strong_id.h"
#include "core/netmap/compile.h"

namespace warren::control {

// A tailnet has a new snapshot. Who sees something else in it: the nodes of
// `affected`, or perhaps everyone.
struct Publication {
  std::shared_ptr<const netmap::Snapshot> snapshot;  // null: it is gone
  TailnetId tailnet;
  bool everyone = false;
  std::vector<NodeId> affected;  // ascending
  std::vector<NodeId> removed;   // nodes that are not there any more
};

struct DirectoryOptions {
  // How long an ephemeral node may be offline before it is removed.
  absl::Duration ephemeral_timeout = absl::Minutes(2);
  absl::Duration key_lifetime = absl::Hours(24 * 180);  // of a node's key
  // How browsers reach this server: "https://control.example", without a
  // path. Empty: people cannot sign in.
  std::string public_url;
  std::string base_domain;  // the names of tailnets hang below it; or empty
  // Gets every publication, in order, on the thread that changes things.
  std::function<void(const Publication&)> publish;
  // A webhook has something waiting. On that thread too; must not block.
  std::function<void()> deliveries_wait;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_PUBLICATION_H_
