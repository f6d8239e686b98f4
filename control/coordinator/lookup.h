#ifndef WARREN_CONTROL_COORDINATOR_LOOKUP_H_
#define WARREN_CONTROL_COORDINATOR_LOOKUP_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"

// What administrators call things. A `ref` is a name or a decimal id; a name
// wins over an id. NOT_FOUND says what exists instead. Pointers are good until
// the next change.
namespace warren::control {

// An empty ref is the only tailnet there is, INVALID_ARGUMENT if there are
// several.
absl::StatusOr<TailnetState*> FindTailnet(Directory& directory,
                                          absl::string_view ref);
absl::StatusOr<UserRecord*> FindUser(TailnetState& tailnet,
                                     absl::string_view ref);
// Also by one of its addresses.
absl::StatusOr<NodeState*> FindNode(TailnetState& tailnet,
                                    absl::string_view ref);
// By prefix or id.
absl::StatusOr<AuthKeyRecord*> FindAuthKey(TailnetState& tailnet,
                                           absl::string_view ref);
// By code or id.
absl::StatusOr<derp::RelayRegion*> FindRelay(TailnetState& tailnet,
                                             absl::string_view ref);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_LOOKUP_H_
