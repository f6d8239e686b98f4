#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status ListTailnets(AdminCall& call, const v1::ListTailnetsRequest&,
                          v1::ListTailnetsResponse& out) {
  for (const auto& [id, tailnet] : call.directory.tailnets()) {
    if (!call.caller.IsOperator() && *call.caller.tailnet != id) continue;
    *out.add_tailnets() = ToMessage(tailnet);
  }
  return absl::OkStatus();
}

absl::Status CreateTailnet(AdminCall& call,
                           const v1::CreateTailnetRequest& request,
                           v1::Tailnet& out) {
  WARREN_ASSIGN_OR_RETURN(
      const TailnetState* made,
      control::CreateTailnet(call.directory, call.order, request.name()));
  out = ToMessage(*made);
  return absl::OkStatus();
}

absl::Status RenameTailnet(AdminCall& call,
                           const v1::RenameTailnetRequest& request,
                           v1::Tailnet& out) {
  WARREN_RETURN_IF_ERROR(control::RenameTailnet(
      call.directory, call.order, call.tailnet(), request.new_name()));
  out = ToMessage(call.tailnet());
  return absl::OkStatus();
}

absl::Status DeleteTailnet(AdminCall& call, const v1::DeleteRequest& request,
                           v1::DeleteResponse& out) {
  if (request.ref().empty()) {
    return absl::InvalidArgumentError("ref: say which tailnet");
  }
  out.set_deleted(call.tailnet().record.name);
  return control::DeleteTailnet(call.directory, call.order, call.tailnet(),
                                request.force());
}

}  // namespace

void AddTailnetCalls(AdminCalls& calls) {
  calls.Add<v1::ListTailnetsRequest, v1::ListTailnetsResponse>("ListTailnets",
                                                               &ListTailnets);
  calls.Add<v1::CreateTailnetRequest, v1::Tailnet>("CreateTailnet",
                                                   &CreateTailnet);
  calls.Add<v1::RenameTailnetRequest, v1::Tailnet>("RenameTailnet",
                                                   &RenameTailnet);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteTailnet",
                                                   &DeleteTailnet);
}

}  // namespace warren::control
