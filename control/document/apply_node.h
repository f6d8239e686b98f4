#ifndef WARREN_CONTROL_DOCUMENT_APPLY_NODE_H_
#define WARREN_CONTROL_DOCUMENT_APPLY_NODE_H_

#include <string>

#include "absl/status/status.h"
#include "control/document/apply_user.h"

namespace warren::control {

// Makes the device with the keys that the document names; with a `name`, makes
// the one that is called so now as the document says, its keys apart.
absl::Status ApplyNode(const Target& target, const v1::NodeSpec& spec,
                       const std::string& name);
absl::Status RemoveNode(const Target& target, const std::string& name);

}  // namespace warren::control

#endif  // WARREN_CONTROL_DOCUMENT_APPLY_NODE_H_
