#ifndef WARREN_CLIENT_DAEMON_PEER_LOOKUP_H_
#define WARREN_CLIENT_DAEMON_PEER_LOOKUP_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/strong_id.h"
#include "core/engine/engine.h"

namespace warren::client {

// The node of `netmap`, self or a peer, that `text` names: by its id, its whole
// name ("web.calm-heron"), or its label. A label means our own devices before
// those that others share with us.
std::optional<NodeId> NodeNamed(const netmap::Netmap& netmap,
                                absl::string_view text);

// The peer that a person means by `text`: its name, address or id.
//   FAILED_PRECONDITION  `engine` is null or has no netmap
//   INVALID_ARGUMENT     that is this device itself
//   NOT_FOUND            no such peer; names those there are
absl::StatusOr<NodeId> FindPeer(const engine::Engine* engine,
                                absl::string_view text);

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_PEER_LOOKUP_H_
