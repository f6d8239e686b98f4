#include "control/coordinator/registration.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/coordinator/admission.h"
#include "control/coordinator/names.h"
#include "control/coordinator/tag_rights.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

using Found = std::pair<TailnetState*, NodeState*>;

// Of what the machine itself did.
AuditRecord AuditOf(const NodeRecord& record, const std::string& source,
                    const char* action, std::string before, std::string after,
                    int64_t now_ms) {
  return {record.tailnet,
          now_ms,
          absl::StrCat("machine ", record.keys.machine.ShortString()),
          action,
          absl::StrCat("node ", record.naming.name),
          std::move(before),
          std::move(after),
          source};
}

// Whether `node` comes again with the key that let it in, as it was.
bool IsRepeat(const NodeState* node, const AuthKeyRecord& key,
              const RegisterCommand& command, int64_t now_ms) {
  return node != nullptr && node->record.auth_key == key.id &&
         node->record.keys.node == command.node_key && key.num_uses > 0 &&
         key.revoked_ms == 0 && !node->IsExpired(now_ms);
}

// The tags of the key, and those that it may wish for.
absl::StatusOr<std::vector<std::string>> TagsByKey(
    const TailnetState& tailnet, const AuthKeyRecord& key,
    const std::vector<std::string>& wanted) {
  std::vector<std::string> tags = key.grant.tags;
  for (const std::string& tag : wanted) {
    if (std::ranges::count(tags, tag) > 0) continue;
    const bool by_tag = std::ranges::any_of(
        key.grant.tags,
        [&](const std::string& owner) { return TagOwns(tailnet, owner, tag); });
    if (!by_tag) {
      WARREN_RETURN_IF_ERROR(
          CheckMayTag(tailnet, tailnet.users.at(key.user), tag));
    }
    tags.push_back(tag);
  }
  return tags;
}

absl::StatusOr<Registration> WithAuthKey(Directory& directory,
                                         const RegisterCommand& command,
                                         int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const std::string prefix,
                          AuthKeyPrefix(command.auth_key));
  const auto [tailnet, key] = directory.AuthKeyByPrefix(prefix);
  const absl::Status good =
      CheckAuthKey(key, directory.hash_key(), command.auth_key, now_ms);
  if (!good.ok()) {
    NodeState* const node =
        tailnet == nullptr ? nullptr : tailnet->NodeOf(command.machine);
    // Who knows the secret of a used key may be the one who used it.
    if (key != nullptr &&
        KnowsAuthKey(*key, directory.hash_key(), command.auth_key) &&
        IsRepeat(node, *key, command, now_ms)) {
      return AnswerOf(*tailnet, *node);
    }
    return good;
  }
  Admission admission;
  admission.owner = key->user;
  admission.auth_key = key->id;
  admission.by = absl::StrCat("auth key ", key->prefix, " of ",
                              tailnet->users.at(key->user).login);
  WARREN_ASSIGN_OR_RETURN(admission.tags,
                          TagsByKey(*tailnet, *key, command.wishes.tags));
  admission.ephemeral = key->grant.ephemeral;
  admission.approved = key->grant.preapproved;
  WARREN_ASSIGN_OR_RETURN(
      NodeRecord record,
      RecordFor(directory, *tailnet, command, admission, now_ms));
  const std::string what =
      absl::StrCat("user ", tailnet->users.at(key->user).login, ", auth key ",
                   key->prefix, ", address ", record.ipv4.ToString());
  WARREN_RETURN_IF_ERROR(directory.store().RegisterNode(
      record, now_ms,
      AuditOf(record, command.source, "node.register", "", what, now_ms)));
  ++key->num_uses;
  const NodeId id = record.id;
  if (tailnet->nodes.contains(id) &&
      tailnet->nodes.at(id).record.owner != record.owner) {
    const Order order{admission.by, now_ms, command.source, key->user, false};
    WARREN_RETURN_IF_ERROR(EndSharesOf(directory, order, *tailnet, id));
  }
  directory.PutNode(*tailnet, std::move(record), now_ms);
  return AnswerOf(*tailnet, tailnet->nodes.at(id));
}

// The node that a machine without an auth key means; nulls: none for sure.
Found NodeMeant(Directory& directory, const RegisterCommand& command) {
  std::vector<Found> nodes = directory.NodesOfMachine(command.machine);
  const std::string& wanted = command.wishes.tailnet;
  if (!wanted.empty()) {
    std::erase_if(nodes, [&wanted](const Found& found) {
      return found.first->record.name != wanted;
    });
  }
  for (const Found& found : nodes) {
    const crypto::NodeKey& key = found.second->record.keys.node;
    if (key == command.node_key || key == command.old_node_key) return found;
  }
  return nodes.size() == 1 ? nodes[0] : Found(nullptr, nullptr);
}

// A person is to sign in for the machine; `why` it cannot come in by itself.
absl::StatusOr<Registration> AskPerson(Directory& directory,
                                       const RegisterCommand& command,
                                       const std::string& why, int64_t now_ms) {
  if (directory.options().public_url.empty()) {
    return absl::PermissionDeniedError(absl::StrCat(
        why,
        ": an auth key is needed, since this server has no public URL "
        "where people could sign in"));
  }
  const std::string& wanted = command.wishes.tailnet;
  const bool known =
      std::ranges::any_of(directory.tailnets(), [&wanted](const auto& entry) {
        return entry.second.record.name == wanted;
      });
  if (!wanted.empty() && !known) {
    return absl::NotFoundError(absl::StrCat(
        "there is no tailnet \"", Printable(wanted), "\" on this server"));
  }
  Registration answer;
  answer.auth_url = directory.LoginUrl(
      directory.logins().Add(command, now_ms, directory.rng()).id);
  return answer;
}

// Whether the node has other tags than the machine asks for.
bool WantsOtherTags(const RegisterCommand& command, const NodeRecord& record) {
  std::vector<std::string> has = record.grant.tags;
  std::ranges::sort(has);
  return !command.wishes.tags.empty() && command.wishes.tags != has;
}

absl::StatusOr<Registration> WithoutAuthKey(Directory& directory,
                                            const RegisterCommand& command,
                                            int64_t now_ms) {
  const auto [tailnet, node] = NodeMeant(directory, command);
  if (node == nullptr) {
    const bool several = !directory.NodesOfMachine(command.machine).empty();
    return AskPerson(directory, command,
                     several ? "it is not clear which of its tailnets this "
                               "machine means"
                             : "this machine is not registered here",
                     now_ms);
  }
  const std::string name = node->record.naming.name;
  if (node->IsExpired(now_ms)) {
    return AskPerson(directory, command,
                     absl::StrCat("the key of node ", name, " has expired"),
                     now_ms);
  }
  if (command.wishes.force_sign_in || WantsOtherTags(command, node->record)) {
    return AskPerson(directory, command,
                     absl::StrCat("node ", name, " is to sign in anew"),
                     now_ms);
  }
  NodeRecord record = node->record;
  Refresh(*tailnet, command, now_ms, record);
  if (record == node->record) return AnswerOf(*tailnet, *node);
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record, AuditOf(record, command.source, "node.renew",
                      node->record.keys.node.ToString(),
                      record.keys.node.ToString(), now_ms)));
  directory.PutNode(*tailnet, std::move(record), now_ms);
  return AnswerOf(*tailnet, *node);
}

// The login that the machine follows, if it is its own.
PendingLogin* FollowedLogin(Directory& directory,
                            const RegisterCommand& command, int64_t now_ms) {
  if (command.follow_url.empty()) return nullptr;
  const size_t slash = command.follow_url.rfind('/');
  PendingLogin* const login = directory.logins().Find(
      absl::string_view(command.follow_url)
          .substr(slash == std::string::npos ? 0 : slash + 1),
      now_ms);
  // Whose login it is must not show in the answer.
  if (login == nullptr || login->command.machine != command.machine ||
      login->command.node_key != command.node_key) {
    return nullptr;
  }
  return login;
}

absl::StatusOr<Registration> AfterLogin(Directory& directory,
                                        const RegisterCommand& command,
                                        const PendingLogin& login,
                                        int64_t now_ms) {
  if (login.state == LoginState::kOpen) {
    Registration answer;
    answer.auth_url = directory.LoginUrl(login.id);
    return answer;
  }
  if (login.state == LoginState::kRefused) {
    return absl::PermissionDeniedError(
        absl::StrCat("the sign-in was refused by ", login.answered_by));
  }
  TailnetState* const tailnet = directory.Tailnet(login.tailnet);
  NodeState* const node =
      tailnet == nullptr ? nullptr : tailnet->NodeOf(command.machine);
  if (node == nullptr || node->record.keys.node != command.node_key ||
      node->IsExpired(now_ms)) {
    return absl::PermissionDeniedError(
        "the sign-in was good, but this machine's node was removed since");
  }
  return AnswerOf(*tailnet, *node);
}

// Puts on record that `command` was refused, if it is known whose tailnet it
// was about. It must not fail what is refused anyway.
void NoteRefused(Directory& directory, const RegisterCommand& command,
                 const absl::Status& why, int64_t now_ms) {
  AuditRecord audit;
  for (const crypto::NodeKey* key :
       {&command.node_key, &command.old_node_key}) {
    const auto [tailnet, node] = directory.NodeByKey(*key);
    if (node == nullptr || node->record.keys.machine == command.machine) {
      continue;
    }
    audit.tailnet = tailnet->record.id;
    audit.target = absl::StrCat("node ", node->record.naming.name);
  }
  const auto prefix = AuthKeyPrefix(command.auth_key);
  if (audit.target.empty() && prefix.ok()) {
    const auto [tailnet, key] = directory.AuthKeyByPrefix(*prefix);
    if (key == nullptr) return;
    audit.tailnet = tailnet->record.id;
    audit.target = absl::StrCat("auth key ", *prefix);
  }
  if (audit.target.empty()) return;
  audit.time_ms = now_ms;
  audit.actor = absl::StrCat("machine ", command.machine.ShortString());
  audit.action = "node.refused";
  audit.after = std::string(why.message());
  audit.source = command.source;
  directory.store().audit_log().AppendRefusal(audit).IgnoreError();
}

absl::StatusOr<Registration> Admit(Directory& directory,
                                   const RegisterCommand& command,
                                   int64_t now_ms) {
  WARREN_RETURN_IF_ERROR(CheckNodeKeys(directory, command));
  if (!command.auth_key.empty()) {
    return WithAuthKey(directory, command, now_ms);
  }
  const PendingLogin* const login = FollowedLogin(directory, command, now_ms);
  return login == nullptr ? WithoutAuthKey(directory, command, now_ms)
                          : AfterLogin(directory, command, *login, now_ms);
}

}  // namespace

absl::Status CheckNodeKeys(Directory& directory,
                           const RegisterCommand& command) {
  for (const crypto::NodeKey* key :
       {&command.node_key, &command.old_node_key}) {
    const auto [where, node] = directory.NodeByKey(*key);
    if (node == nullptr || node->record.keys.machine == command.machine) {
      continue;
    }
    return absl::PermissionDeniedError(absl::StrCat(
        "node key ", key->ShortString(), " belongs to another machine"));
  }
  return absl::OkStatus();
}

Registration AnswerOf(const TailnetState& tailnet, const NodeState& node) {
  // The snapshot is older than the change: this is what the next one says.
  Registration answer;
  answer.node = DescribeNode(tailnet, node);
  answer.tailnet = tailnet.record.name;
  answer.user_login = tailnet.users.at(node.record.owner).login;
  answer.waits_for_approval = WaitsForApproval(tailnet, node.record);
  return answer;
}

absl::StatusOr<Registration> Register(Directory& directory,
                                      const RegisterCommand& command,
                                      int64_t now_ms) {
  auto done = Admit(directory, command, now_ms);
  if (absl::IsPermissionDenied(done.status())) {
    NoteRefused(directory, command, done.status(), now_ms);
  }
  return done;
}

bool WaitForLogin(Directory& directory, const RegisterCommand& command,
                  int64_t now_ms, std::function<void()> wake) {
  const PendingLogin* const login = FollowedLogin(directory, command, now_ms);
  if (login == nullptr || login->state != LoginState::kOpen) return false;
  directory.logins().Wait(login->id, now_ms, std::move(wake));
  return true;
}

absl::Status Logout(Directory& directory, const crypto::MachineKey& machine,
                    const crypto::NodeKey& node_key, int64_t now_ms) {
  const auto [tailnet, node] = directory.NodeByKey(node_key);
  // Whose key it is must not show in the answer.
  if (node == nullptr || node->record.keys.machine != machine) {
    return absl::NotFoundError("this machine has no such node here");
  }
  const NodeId id = node->record.id;
  if (node->record.grant.ephemeral) {
    WARREN_RETURN_IF_ERROR(directory.store().DeleteNode(
        id, AuditOf(node->record, "", "node.logout", "", "removed", now_ms)));
    directory.EraseNode(*tailnet, id);
    return absl::OkStatus();
  }
  if (node->IsExpired(now_ms)) return absl::OkStatus();
  NodeRecord record = node->record;
  record.times.key_expiry_ms = now_ms;
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record, AuditOf(record, "", "node.logout", "", "expired", now_ms)));
  directory.PutNode(*tailnet, std::move(record), now_ms);
  return absl::OkStatus();
}

}  // namespace warren::control
