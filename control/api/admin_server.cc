#include "control/api/admin_subjects.h"
#include "core/base/version.h"
#include "proto/convert/netmap.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

void Count(const TailnetState& tailnet, v1::ServerInfo& out) {
  uint64_t num_online = 0;
  for (const auto& [id, node] : tailnet.nodes) {
    num_online += node.online() ? 1 : 0;
  }
  out.set_num_nodes(out.num_nodes() + tailnet.nodes.size());
  out.set_num_online(out.num_online() + num_online);
}

absl::Status GetServer(AdminCall& call, const v1::GetServerRequest&,
                       v1::ServerInfo& out) {
  for (const auto& [id, tailnet] : call.directory.tailnets()) {
    // How large the others are is none of a caller's business.
    if (call.caller.IsOperator() || *call.caller.tailnet == id) {
      Count(tailnet, out);
    }
  }
  out.set_version(kVersion);
  out.set_public_key(convert::KeyToProto(call.server.public_key));
  out.set_base_domain(call.directory.options().base_domain);
  out.set_public_url(call.directory.options().public_url);
  return absl::OkStatus();
}

absl::Status WhoAmI(AdminCall& call, const v1::WhoAmIRequest&,
                    v1::WhoAmIResponse& out) {
  out.set_actor(call.caller.actor);
  if (call.caller.IsOperator()) {
    out.set_role("operator");
    return absl::OkStatus();
  }
  out.set_role(std::string(RoleName(call.caller.role)));
  for (const std::string& scope :
       call.caller.scopes.value_or(std::vector<std::string>())) {
    out.add_scopes(scope);
  }
  const TailnetState* const tailnet =
      call.directory.Tailnet(*call.caller.tailnet);
  if (tailnet == nullptr) return absl::OkStatus();
  out.set_tailnet(tailnet->record.name);
  const auto user = tailnet->users.find(call.caller.user);
  if (user != tailnet->users.end()) out.set_login(user->second.login);
  return absl::OkStatus();
}

}  // namespace

void AddServerCalls(AdminCalls& calls) {
  calls.Add<v1::GetServerRequest, v1::ServerInfo>("GetServer", &GetServer);
  calls.Add<v1::WhoAmIRequest, v1::WhoAmIResponse>("WhoAmI", &WhoAmI);
}

void AddAllCalls(AdminCalls& calls) {
  AddServerCalls(calls);
  AddBackupCall(calls);
  AddTailnetCalls(calls);
  AddUserCalls(calls);
  AddSessionCalls(calls);
  AddInvitationCalls(calls);
  AddShareCalls(calls);
  AddProviderCalls(calls);
  AddNodeCalls(calls);
  AddAuthKeyCalls(calls);
  AddApiKeyCalls(calls);
  AddRelayCalls(calls);
  AddPolicyCalls(calls);
  AddAuditCalls(calls);
  AddWebhookCalls(calls);
  AddDocumentCalls(calls);
}

}  // namespace warren::control
