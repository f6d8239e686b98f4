#ifndef WARREN_CONTROL_API_ADMIN_SUBJECTS_H_
#define WARREN_CONTROL_API_ADMIN_SUBJECTS_H_

#include "control/api/admin_calls.h"

// The methods of warren.v1.Admin by subject, each in the file of its name
// (admin_nodes.cc, ...).
namespace warren::control {

void AddServerCalls(AdminCalls& calls);
void AddSessionCalls(AdminCalls& calls);
void AddInvitationCalls(AdminCalls& calls);
void AddShareCalls(AdminCalls& calls);
void AddProviderCalls(AdminCalls& calls);
// BackupServer; its audit row is of no tailnet.
void AddBackupCall(AdminCalls& calls);
void AddTailnetCalls(AdminCalls& calls);
void AddUserCalls(AdminCalls& calls);
void AddNodeCalls(AdminCalls& calls);
void AddAuthKeyCalls(AdminCalls& calls);
void AddApiKeyCalls(AdminCalls& calls);
void AddRelayCalls(AdminCalls& calls);
void AddPolicyCalls(AdminCalls& calls);
void AddAuditCalls(AdminCalls& calls);
void AddWebhookCalls(AdminCalls& calls);
void AddDocumentCalls(AdminCalls& calls);

// All of them.
void AddAllCalls(AdminCalls& calls);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_SUBJECTS_H_
