#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/admission.h"
#include "control/coordinator/people.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"

// The part of user_commands.h about nodes shared with other tailnets.
namespace warren::control {
namespace {

// Why `node` cannot be seen among the nodes of `guests`.
absl::Status CheckNoClash(const TailnetState& guests, const NodeRecord& node) {
  // Addresses are unique on this server by now, but were not always.
  if (!guests.by_ipv4.contains(node.ipv4)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "address ", node.ipv4.ToString(), " is in use in ", guests.record.name,
      ": the owner of the node must choose another address for it"));
}

absl::Status CheckGuest(const TailnetState& guests, UserId guest,
                        const FoundInvitation& found) {
  const InvitationRecord& invitation = found.record;
  const auto node = found.tailnet->nodes.find(invitation.node);
  if (invitation.kind != InvitationKind::kShare) {
    return absl::NotFoundError("this invitation is for something else");
  }
  if (node == found.tailnet->nodes.end()) {
    return absl::FailedPreconditionError("the shared node was removed since");
  }
  if (found.tailnet == &guests) {
    return absl::FailedPreconditionError(
        "the node is in your own network already: shares are for others");
  }
  if (!invitation.email.empty() &&
      !HasProven(guests, guest, invitation.email)) {
    return absl::PermissionDeniedError(
        absl::StrCat("this invitation is for ", invitation.email));
  }
  for (const auto& [id, share] : guests.access.shares) {
    if (share.node == invitation.node && share.guest == guest) {
      return absl::FailedPreconditionError("you have this node already");
    }
  }
  return CheckNoClash(guests, node->second.record);
}

// Whether the order, which comes from `side`, may end the share.
absl::Status CheckMayEnd(const TailnetState& side, const Order& order,
                         const ShareRecord& share) {
  if (side.record.id == share.owner_tailnet) {
    return RequireNode(side, order, side.nodes.at(share.node).record);
  }
  if (order.user == share.guest && RoleIn(side, order)) {
    return absl::OkStatus();
  }
  return RequireRole(side, order, MinRole::kNetworkAdmin,
                     "end the shares of others");
}

std::string NameOf(const TailnetState& tailnet, NodeId node) {
  return absl::StrCat("node ", tailnet.nodes.at(node).record.naming.name);
}

}  // namespace

absl::StatusOr<ShareRecord> AcceptShare(Directory& directory,
                                        const Order& order,
                                        TailnetState& guest_tailnet,
                                        UserId guest_id,
                                        absl::string_view secret) {
  const auto guest = guest_tailnet.users.find(guest_id);
  if (guest == guest_tailnet.users.end()) {
    return absl::PermissionDeniedError(
        absl::StrCat("only users of ", guest_tailnet.record.name,
                     " may accept a share for it"));
  }
  WARREN_RETURN_IF_ERROR(RequireActive(guest->second));
  WARREN_RETURN_IF_ERROR(
      RequireUser(guest_tailnet, order, guest->second, "accept a share for"));
  WARREN_ASSIGN_OR_RETURN(FoundInvitation found,
                          FindInvitation(directory, secret, order.now_ms));
  WARREN_RETURN_IF_ERROR(CheckGuest(guest_tailnet, guest_id, found));
  ShareRecord share;
  share.id = ShareId(directory.NewId());
  share.owner_tailnet = found.tailnet->record.id;
  share.node = found.record.node;
  share.guest_tailnet = guest_tailnet.record.id;
  share.guest = guest_id;
  share.created_ms = order.now_ms;
  share.created_by = found.record.created_by;
  const std::string who =
      absl::StrCat(guest->second.login, " of ", guest_tailnet.record.name);
  const std::string what = NameOf(*found.tailnet, share.node);
  WARREN_RETURN_IF_ERROR(directory.store().accounts().UseInvitation(
      found.record.id, order.now_ms, who, {.share = share},
      AuditOf(order, *found.tailnet, "share.create", what, "", who)));
  NoteUse(directory, *found.tailnet, found.record, order, who);
  directory.PutShare(share);
  // In the other log, too; the share is there without it.
  directory.store()
      .audit_log()
      .Append(AuditOf(order, guest_tailnet, "share.accept", what, "",
                      found.tailnet->record.name))
      .IgnoreError();
  return share;
}

absl::Status DeleteShare(Directory& directory, const Order& order,
                         TailnetState& tailnet, ShareId id) {
  const auto found = tailnet.access.shares.find(id);
  if (found == tailnet.access.shares.end()) {
    return absl::NotFoundError("there is no such share");
  }
  const ShareRecord share = found->second;
  WARREN_RETURN_IF_ERROR(CheckMayEnd(tailnet, order, share));
  const TailnetState* const owners = directory.Tailnet(share.owner_tailnet);
  const TailnetState* const guests = directory.Tailnet(share.guest_tailnet);
  const std::string who = absl::StrCat(guests->users.at(share.guest).login,
                                       " of ", guests->record.name);
  WARREN_RETURN_IF_ERROR(directory.store().access().DeleteShare(
      id, AuditOf(order, *owners, "share.delete", NameOf(*owners, share.node),
                  who, "")));
  directory.store()
      .audit_log()
      .Append(AuditOf(order, *guests, "share.delete",
                      NameOf(*owners, share.node), owners->record.name, ""))
      .IgnoreError();
  directory.EraseShare(share.id, tailnet);
  return absl::OkStatus();
}

}  // namespace warren::control
