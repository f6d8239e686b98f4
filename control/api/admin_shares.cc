#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/node_commands.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

// Devices that users of other tailnets may reach.
namespace warren::control {
namespace {

// The node, in the tailnet that it is of; null when it is gone.
const NodeState* NodeOf(const AdminCall& call, const ShareRecord& share) {
  TailnetState* const owner = call.directory.Tailnet(share.owner_tailnet);
  if (owner == nullptr) return nullptr;
  const auto node = owner->nodes.find(share.node);
  return node == owner->nodes.end() ? nullptr : &node->second;
}

v1::Share ToMessage(const AdminCall& call, const ShareRecord& share) {
  v1::Share out;
  out.set_id(share.id.value());
  const NodeState* const node = NodeOf(call, share);
  if (node != nullptr) out.set_node(node->record.naming.name);
  const TailnetState* const owner = call.directory.Tailnet(share.owner_tailnet);
  if (owner != nullptr) out.set_owner_tailnet(owner->record.name);
  const TailnetState* const guest = call.directory.Tailnet(share.guest_tailnet);
  if (guest != nullptr) {
    out.set_guest_tailnet(guest->record.name);
    const auto user = guest->users.find(share.guest);
    if (user != guest->users.end()) out.set_guest_login(user->second.login);
  }
  out.set_created_ms(share.created_ms);
  return out;
}

// Auditors see all of their tailnet; others what they share, or what is shared
// with them.
bool IsSeen(const AdminCall& call, const ShareRecord& share) {
  if (SeesAll(call)) return true;
  if (share.guest_tailnet == call.tailnet().record.id) {
    return share.guest == call.caller.user;
  }
  const NodeState* const node = NodeOf(call, share);
  return node != nullptr &&
         RequireNode(call.tailnet(), call.order, node->record).ok();
}

absl::Status ListShares(AdminCall& call, const v1::ListRequest&,
                        v1::ListSharesResponse& out) {
  for (const auto& [id, share] : call.tailnet().access.shares) {
    if (IsSeen(call, share)) *out.add_shares() = ToMessage(call, share);
  }
  return absl::OkStatus();
}

absl::StatusOr<UserId> GuestOf(AdminCall& call, const std::string& ref) {
  if (!ref.empty()) {
    WARREN_ASSIGN_OR_RETURN(const UserRecord* user, SeenUser(call, ref));
    return user->id;
  }
  if (call.caller.user != UserId()) return call.caller.user;
  return absl::InvalidArgumentError(
      "user: say whose devices shall reach the shared one");
}

absl::Status AcceptShare(AdminCall& call, const v1::AcceptShareRequest& request,
                         v1::Share& out) {
  WARREN_ASSIGN_OR_RETURN(const UserId guest, GuestOf(call, request.user()));
  // The secret is what follows the last slash.
  const std::string& link = request.link();
  const std::string secret = link.substr(link.rfind('/') + 1);
  WARREN_ASSIGN_OR_RETURN(const ShareRecord share,
                          control::AcceptShare(call.directory, call.order,
                                               call.tailnet(), guest, secret));
  out = ToMessage(call, share);
  return absl::OkStatus();
}

absl::Status DeleteShare(AdminCall& call, const v1::DeleteRequest& request,
                         v1::DeleteResponse& out) {
  int64_t number = 0;
  const auto& all = call.tailnet().access.shares;
  const auto found = absl::SimpleAtoi(request.ref(), &number)
                         ? all.find(ShareId(number))
                         : all.end();
  if (found == all.end() || !IsSeen(call, found->second)) {
    return NotYours("share", request.ref());
  }
  out.set_deleted(absl::StrCat(number));
  return control::DeleteShare(call.directory, call.order, call.tailnet(),
                              ShareId(number));
}

}  // namespace

void AddShareCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListSharesResponse>("ListShares", &ListShares);
  calls.Add<v1::AcceptShareRequest, v1::Share>("AcceptShare", &AcceptShare);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteShare", &DeleteShare);
}

}  // namespace warren::control
