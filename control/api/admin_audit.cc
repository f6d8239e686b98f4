#include <algorithm>

#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr uint32_t kDefaultAudit = 100;
constexpr uint32_t kMaxAudit = 10'000;

absl::Status ListAudit(AdminCall& call, const v1::ListAuditRequest& request,
                       v1::ListAuditResponse& out) {
  AuditFilter filter;
  filter.tailnet = call.tailnet().record.id;
  filter.limit = request.limit() == 0 ? kDefaultAudit
                                      : std::min(request.limit(), kMaxAudit);
  filter.actor = request.actor();
  filter.action = request.action();
  filter.target = request.target();
  filter.since_ms = request.since_ms();
  filter.before_id = request.before_id();
  WARREN_ASSIGN_OR_RETURN(const auto entries,
                          call.directory.store().audit_log().Read(filter));
  for (const AuditRecord& entry : entries) {
    *out.add_entries() = ToMessage(entry);
  }
  return absl::OkStatus();
}

}  // namespace

void AddAuditCalls(AdminCalls& calls) {
  calls.Add<v1::ListAuditRequest, v1::ListAuditResponse>("ListAudit",
                                                         &ListAudit);
}

}  // namespace warren::control
