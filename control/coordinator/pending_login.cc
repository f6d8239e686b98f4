#include "control/coordinator/pending_login.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/admission.h"
#include "control/coordinator/names.h"
#include "control/coordinator/tag_rights.h"
#include "core/base/status_macros.h"
#include "core/crypto/fingerprint.h"

namespace warren::control {
namespace {

absl::StatusOr<PendingLogin*> FindLogin(Directory& directory,
                                        absl::string_view id, int64_t now_ms) {
  PendingLogin* const login = directory.logins().Find(id, now_ms);
  if (login != nullptr) return login;
  return absl::NotFoundError(
      "this link is unknown or too old: run `warren up` on the device again "
      "for a new one");
}

absl::Status RequireOpen(const PendingLogin& login) {
  if (login.state == LoginState::kOpen) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("this device was ",
                   login.state == LoginState::kConfirmed ? "let in" : "refused",
                   " already, by ", login.answered_by,
                   ": run `warren up` on it again if that was wrong"));
}

// The active user whose order it is.
absl::StatusOr<UserRecord> PersonOf(const TailnetState& tailnet,
                                    const Order& order) {
  const auto user = tailnet.users.find(order.user);
  if (user == tailnet.users.end()) {
    return absl::PermissionDeniedError(absl::StrCat(
        "only users of ", tailnet.record.name, " may let devices into it"));
  }
  WARREN_RETURN_IF_ERROR(RequireActive(user->second));
  return user->second;
}

absl::Status CheckWishes(const TailnetState& tailnet, const UserRecord& user,
                         const JoinWishes& wishes) {
  if (!wishes.tailnet.empty() && wishes.tailnet != tailnet.record.name) {
    return absl::PermissionDeniedError(
        absl::StrCat("the device wants to join ", Printable(wishes.tailnet),
                     ", not ", tailnet.record.name));
  }
  for (const std::string& tag : wishes.tags) {
    WARREN_RETURN_IF_ERROR(CheckMayTag(tailnet, user, tag));
  }
  return absl::OkStatus();
}

void Answer(Directory& directory, PendingLogin& login, LoginState state,
            const UserRecord& user) {
  login.state = state;
  login.answered_by = user.login;
  login.user = user.id;
  // Whoever waits asks anew, after this is durable.
  directory.logins().Close(login);
  directory.IfNotDurable(
      [&directory, id = login.id] { directory.logins().Reopen(id); });
}

}  // namespace

absl::StatusOr<LoginView> DescribeLogin(Directory& directory,
                                        absl::string_view id, int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const PendingLogin* login,
                          FindLogin(directory, id, now_ms));
  const RegisterCommand& command = login->command;
  LoginView view;
  view.id = login->id;
  view.host = command.host;
  view.wanted_name =
      LabelFrom(command.wanted_name.empty() ? command.host.hostname
                                            : command.wanted_name);
  view.wanted_tags = command.wishes.tags;
  view.tailnet = command.wishes.tailnet;
  view.source = command.source;
  view.fingerprint = crypto::Fingerprint(command.machine);
  view.created_ms = login->created_ms;
  view.expires_ms = login->expires_ms();
  view.state = login->state;
  const TailnetState* const tailnet = directory.Tailnet(login->tailnet);
  if (tailnet != nullptr && tailnet->nodes.contains(login->node)) {
    view.node = tailnet->nodes.at(login->node).record.naming.name;
  }
  return view;
}

absl::StatusOr<Registration> ConfirmLogin(Directory& directory,
                                          const Order& order,
                                          absl::string_view id,
                                          TailnetState& tailnet) {
  WARREN_ASSIGN_OR_RETURN(PendingLogin * login,
                          FindLogin(directory, id, order.now_ms));
  WARREN_ASSIGN_OR_RETURN(const UserRecord user, PersonOf(tailnet, order));
  const bool again = login->state == LoginState::kConfirmed &&
                     login->user == user.id &&
                     login->tailnet == tailnet.record.id &&
                     tailnet.nodes.contains(login->node);
  if (again) return AnswerOf(tailnet, tailnet.nodes.at(login->node));
  WARREN_RETURN_IF_ERROR(RequireOpen(*login));
  WARREN_RETURN_IF_ERROR(CheckWishes(tailnet, user, login->command.wishes));
  WARREN_RETURN_IF_ERROR(CheckNodeKeys(directory, login->command));
  Admission admission;
  admission.owner = user.id;
  admission.by = user.login;
  if (!login->command.wishes.tags.empty()) {
    admission.tags = login->command.wishes.tags;
  }
  // Who may approve devices has done so.
  admission.approved =
      RequireRole(tailnet, order, MinRole::kNetworkAdmin, "approve").ok();
  WARREN_ASSIGN_OR_RETURN(
      NodeRecord record,
      RecordFor(directory, tailnet, login->command, admission, order.now_ms));
  WARREN_RETURN_IF_ERROR(directory.store().SignInNode(
      record, AuditOf(order, tailnet, "node.register",
                      absl::StrCat("node ", record.naming.name), "",
                      absl::StrCat("user ", user.login, ", address ",
                                   record.ipv4.ToString(), ", device at ",
                                   login->command.source))));
  const NodeId node = record.id;
  if (tailnet.nodes.contains(node) &&
      tailnet.nodes.at(node).record.owner != user.id) {
    WARREN_RETURN_IF_ERROR(EndSharesOf(directory, order, tailnet, node));
  }
  directory.PutNode(tailnet, std::move(record), order.now_ms);
  login->tailnet = tailnet.record.id;
  login->node = node;
  Answer(directory, *login, LoginState::kConfirmed, user);
  return AnswerOf(tailnet, tailnet.nodes.at(node));
}

absl::Status RefuseLogin(Directory& directory, const Order& order,
                         absl::string_view id, TailnetState& tailnet) {
  WARREN_ASSIGN_OR_RETURN(PendingLogin * login,
                          FindLogin(directory, id, order.now_ms));
  WARREN_ASSIGN_OR_RETURN(const UserRecord user, PersonOf(tailnet, order));
  WARREN_RETURN_IF_ERROR(RequireOpen(*login));
  Answer(directory, *login, LoginState::kRefused, user);
  return absl::OkStatus();
}

}  // namespace warren::control
