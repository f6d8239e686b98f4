#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/store/backup.h"
#include "control/store/database_file.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

absl::Status Begin(AdminCall& call, const v1::BackupServerRequest& request) {
  if (!absl::StartsWith(request.path(), "/") ||
      request.path().find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        "path: name the new file on the server from the root, /...");
  }
  return call.directory.store().audit_log().Append(
      {TailnetId(), call.order.now_ms, call.order.actor, "server.backup",
       absl::StrCat("file ", request.path()), "", "begun", call.order.source});
}

absl::Status Copy(const std::string& folder,
                  const v1::BackupServerRequest& request,
                  v1::BackupServerResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const int64_t size,
                          CopyDatabase(DatabasePath(folder), request.path()));
  out.set_path(request.path());
  out.set_size_bytes(static_cast<uint64_t>(size));
  return absl::OkStatus();
}

}  // namespace

void AddBackupCall(AdminCalls& calls) {
  calls.AddSlow<v1::BackupServerRequest, v1::BackupServerResponse>(
      "BackupServer",
      [folder = calls.facts().state_folder](
          const AdminCalls::Aside&, const v1::BackupServerRequest& request,
          v1::BackupServerResponse& out) { return Copy(folder, request, out); },
      &Begin);
}

}  // namespace warren::control
