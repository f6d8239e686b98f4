#ifndef WARREN_CONTROL_API_ADMIN_MESSAGES_H_
#define WARREN_CONTROL_API_ADMIN_MESSAGES_H_

#include <cstdint>

#include "control/coordinator/directory.h"
#include "warren/v1/admin.pb.h"

// What administrators are shown.
namespace warren::control {

v1::Tailnet ToMessage(const Directory& directory, const TailnetState& tailnet);
v1::TailnetSettings ToMessage(const TailnetSettings& settings);
v1::User ToMessage(const TailnetState& tailnet, const UserRecord& user);
v1::AdminNode ToMessage(Directory& directory, const TailnetState& tailnet,
                        const NodeState& node, int64_t now_ms);
v1::AuthKey ToMessage(const TailnetState& tailnet, const AuthKeyRecord& key);
v1::AuditEntry ToMessage(const AuditRecord& audit);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_MESSAGES_H_
