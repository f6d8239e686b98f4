#ifndef WARREN_CONTROL_DOCUMENT_APPLY_USER_H_
#define WARREN_CONTROL_DOCUMENT_APPLY_USER_H_

#include <string>

#include "absl/status/status.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"
#include "warren/v1/tailnet_spec.pb.h"

namespace warren::control {

// Where a document is being applied, and by whom.
struct Target {
  Directory& directory;
  const Order& order;
  TailnetState& tailnet;
};

// Makes the user, or makes it as the document says.
absl::Status ApplyUser(const Target& target, const v1::UserSpec& spec);
// With devices and keys.
absl::Status RemoveUser(const Target& target, const std::string& login);

}  // namespace warren::control

#endif  // WARREN_CONTROL_DOCUMENT_APPLY_USER_H_
