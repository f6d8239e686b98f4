#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

// Links that let people in, and links that share a device.
namespace warren::control {
namespace {

const char* NameOf(InvitationKind kind) {
  switch (kind) {
    case InvitationKind::kUser:
      return "user";
    case InvitationKind::kOwner:
      return "owner";
    case InvitationKind::kShare:
      return "share";
    case InvitationKind::kReset:
      return "reset";
  }
  return "";
}

v1::Invitation ToMessage(const TailnetState& tailnet,
                         const InvitationRecord& record) {
  v1::Invitation out;
  out.set_id(record.id.value());
  out.set_kind(NameOf(record.kind));
  if (record.kind == InvitationKind::kUser) {
    out.set_role(std::string(RoleName(record.role)));
  }
  out.set_email(record.email);
  const auto node = tailnet.nodes.find(record.node);
  if (node != tailnet.nodes.end()) {
    out.set_node(node->second.record.naming.name);
  }
  out.set_created_by(record.created_by);
  out.set_created_ms(record.created_ms);
  out.set_expires_ms(record.expires_ms);
  out.set_used_ms(record.used_ms);
  out.set_used_by(record.used_by);
  return out;
}

// Auditors see all, others the shares of their own devices.
bool IsSeen(const AdminCall& call, const InvitationRecord& record) {
  if (SeesAll(call)) return true;
  const auto node = call.tailnet().nodes.find(record.node);
  return record.kind == InvitationKind::kShare &&
         node != call.tailnet().nodes.end() &&
         node->second.record.owner == call.caller.user;
}

absl::Status ListInvitations(AdminCall& call, const v1::ListRequest&,
                             v1::ListInvitationsResponse& out) {
  for (const auto& [id, record] : call.tailnet().accounts.invitations) {
    const bool is_open =
        record.used_ms == 0 && record.expires_ms > call.order.now_ms;
    if (!is_open || !IsSeen(call, record)) continue;
    *out.add_invitations() = ToMessage(call.tailnet(), record);
  }
  return absl::OkStatus();
}

absl::StatusOr<InvitationParams> ParamsOf(
    AdminCall& call, const v1::CreateInvitationRequest& request) {
  InvitationParams params;
  params.email = request.email();
  params.lifetime_ms = request.lifetime_ms();
  if (request.kind() == "share") {
    params.kind = InvitationKind::kShare;
    WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                            ChangeableNode(call, request.node()));
    params.node = node->record.id;
    return params;
  }
  if (request.kind() == "owner") {
    params.kind = InvitationKind::kOwner;
    return params;
  }
  if (!request.kind().empty() && request.kind() != "user") {
    return absl::InvalidArgumentError("kind: there are user, share and owner");
  }
  if (!request.node().empty()) {
    return absl::InvalidArgumentError("node: only of the kind share");
  }
  if (!request.role().empty()) {
    WARREN_ASSIGN_OR_RETURN(params.role, RoleFrom(request.role()));
  }
  return params;
}

absl::Status CreateInvitation(AdminCall& call,
                              const v1::CreateInvitationRequest& request,
                              v1::CreateInvitationResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const InvitationParams params,
                          ParamsOf(call, request));
  auto created =
      params.kind == InvitationKind::kOwner
          ? CreateOwnerLink(call.directory, call.order, call.tailnet())
          : control::CreateInvitation(call.directory, call.order,
                                      call.tailnet(), params);
  WARREN_ASSIGN_OR_RETURN(const CreatedInvitation made, std::move(created));
  *out.mutable_invitation() = ToMessage(call.tailnet(), made.record);
  out.set_url(made.url.empty() ? kInvitationPath + made.secret : made.url);
  return absl::OkStatus();
}

absl::Status DeleteInvitation(AdminCall& call, const v1::DeleteRequest& request,
                              v1::DeleteResponse& out) {
  int64_t number = 0;
  const auto& all = call.tailnet().accounts.invitations;
  const auto found = absl::SimpleAtoi(request.ref(), &number)
                         ? all.find(InvitationId(number))
                         : all.end();
  if (found == all.end() || !IsSeen(call, found->second)) {
    return NotYours("invitation", request.ref());
  }
  out.set_deleted(absl::StrCat(number));
  return control::DeleteInvitation(call.directory, call.order, call.tailnet(),
                                   InvitationId(number));
}

}  // namespace

void AddInvitationCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListInvitationsResponse>("ListInvitations",
                                                          &ListInvitations);
  calls.Add<v1::CreateInvitationRequest, v1::CreateInvitationResponse>(
      "CreateInvitation", &CreateInvitation);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteInvitation",
                                                   &DeleteInvitation);
}

}  // namespace warren::control
