#include "control/api/admin_service.h"

#include <algorithm>
#include <utility>

#include "control/api/admin_messages.h"
#include "control/api/admin_run.h"
#include "core/base/version.h"
#include "proto/convert/netmap.h"

namespace warren::control {
namespace {

constexpr uint32_t kDefaultAudit = 100;
constexpr uint32_t kMaxAudit = 10'000;

// The user a list is to be about; 0 for everybody.
absl::StatusOr<UserId> Only(TailnetState& tailnet, const std::string& login) {
  if (login.empty()) return UserId();
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user, FindUser(tailnet, login));
  return user->id;
}

}  // namespace

AdminService::AdminService(Coordinator& coordinator, const io::UnixPeers& peers,
                           const crypto::MachineKey& server_key)
    : coordinator_(coordinator), peers_(peers), server_key_(server_key) {}

grpc::Status AdminService::GetServer(grpc::ServerContext* call,
                                     const v1::GetServerRequest*,
                                     v1::ServerInfo* response) {
  return Run(*call, response,
             [this](Directory& directory, const Order&, v1::ServerInfo& out) {
               uint64_t num_nodes = 0;
               uint64_t num_online = 0;
               for (const auto& [id, tailnet] : directory.tailnets()) {
                 num_nodes += tailnet.nodes.size();
                 for (const auto& [node_id, node] : tailnet.nodes) {
                   num_online += node.online() ? 1 : 0;
                 }
               }
               out.set_version(kVersion);
               out.set_public_key(convert::KeyToProto(server_key_));
               out.set_num_nodes(num_nodes);
               out.set_num_online(num_online);
               return absl::OkStatus();
             });
}

grpc::Status AdminService::ListTailnets(grpc::ServerContext* call,
                                        const v1::ListTailnetsRequest*,
                                        v1::ListTailnetsResponse* response) {
  return Run(*call, response,
             [](Directory& directory, const Order&, auto& out) {
               for (const auto& [id, tailnet] : directory.tailnets()) {
                 *out.add_tailnets() = ToMessage(tailnet);
               }
               return absl::OkStatus();
             });
}

grpc::Status AdminService::CreateTailnet(
    grpc::ServerContext* call, const v1::CreateTailnetRequest* request,
    v1::Tailnet* response) {
  return Run(*call, response,
             [request](Directory& directory, const Order& order,
                       v1::Tailnet& out) -> absl::Status {
               WARREN_ASSIGN_OR_RETURN(
                   const TailnetState* tailnet,
                   control::CreateTailnet(directory, order, request->name()));
               out = ToMessage(*tailnet);
               return absl::OkStatus();
             });
}

grpc::Status AdminService::RenameTailnet(
    grpc::ServerContext* call, const v1::RenameTailnetRequest* request,
    v1::Tailnet* response) {
  return Run(*call, response,
             [request](Directory& directory, const Order& order,
                       v1::Tailnet& out) -> absl::Status {
               WARREN_ASSIGN_OR_RETURN(TailnetState * tailnet,
                                       FindTailnet(directory, request->ref()));
               WARREN_RETURN_IF_ERROR(control::RenameTailnet(
                   directory, order, *tailnet, request->new_name()));
               out = ToMessage(*tailnet);
               return absl::OkStatus();
             });
}

grpc::Status AdminService::DeleteTailnet(grpc::ServerContext* call,
                                         const v1::DeleteRequest* request,
                                         v1::DeleteResponse* response) {
  return Run(*call, response,
             [request](Directory& directory, const Order& order,
                       v1::DeleteResponse& out) -> absl::Status {
               if (request->ref().empty()) {
                 return absl::InvalidArgumentError("ref: say which tailnet");
               }
               WARREN_ASSIGN_OR_RETURN(TailnetState * tailnet,
                                       FindTailnet(directory, request->ref()));
               out.set_deleted(tailnet->record.name);
               return control::DeleteTailnet(directory, order, *tailnet,
                                             request->force());
             });
}

grpc::Status AdminService::ListUsers(grpc::ServerContext* call,
                                     const v1::ListRequest* request,
                                     v1::ListUsersResponse* response) {
  return RunIn(*call, *request, response,
               [](Directory&, const Order&, TailnetState& tailnet, auto& out) {
                 for (const auto& [id, user] : tailnet.users) {
                   *out.add_users() = ToMessage(tailnet, user);
                 }
                 return absl::OkStatus();
               });
}

grpc::Status AdminService::CreateUser(grpc::ServerContext* call,
                                      const v1::CreateUserRequest* request,
                                      v1::User* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::User& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(
            const UserRecord user,
            control::CreateUser(directory, order, tailnet, request->login(),
                                request->display_name()));
        out = ToMessage(tailnet, user);
        return absl::OkStatus();
      });
}

grpc::Status AdminService::RenameUser(grpc::ServerContext* call,
                                      const v1::RenameRequest* request,
                                      v1::User* response) {
  return RunIn(*call, *request, response,
               [request](Directory& directory, const Order& order,
                         TailnetState& tailnet, v1::User& out) -> absl::Status {
                 WARREN_ASSIGN_OR_RETURN(UserRecord * user,
                                         FindUser(tailnet, request->ref()));
                 WARREN_RETURN_IF_ERROR(control::RenameUser(
                     directory, order, tailnet, *user, request->new_name()));
                 out = ToMessage(tailnet, *user);
                 return absl::OkStatus();
               });
}

grpc::Status AdminService::DeleteUser(grpc::ServerContext* call,
                                      const v1::DeleteRequest* request,
                                      v1::DeleteResponse* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::DeleteResponse& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                                FindUser(tailnet, request->ref()));
        out.set_deleted(user->login);
        return control::DeleteUser(directory, order, tailnet, *user,
                                   request->force());
      });
}

grpc::Status AdminService::ListAuthKeys(grpc::ServerContext* call,
                                        const v1::ListRequest* request,
                                        v1::ListAuthKeysResponse* response) {
  return RunIn(*call, *request, response,
               [request](Directory&, const Order&, TailnetState& tailnet,
                         v1::ListAuthKeysResponse& out) -> absl::Status {
                 WARREN_ASSIGN_OR_RETURN(const UserId only,
                                         Only(tailnet, request->user()));
                 for (const auto& [id, key] : tailnet.auth_keys) {
                   if (only != UserId() && key.user != only) continue;
                   *out.add_keys() = ToMessage(tailnet, key);
                 }
                 return absl::OkStatus();
               });
}

grpc::Status AdminService::CreateAuthKey(
    grpc::ServerContext* call, const v1::CreateAuthKeyRequest* request,
    v1::CreateAuthKeyResponse* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::CreateAuthKeyResponse& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                                FindUser(tailnet, request->user()));
        AuthKeyParams params;
        params.user = user->id;
        params.grant = {request->reusable(),
                        request->ephemeral(),
                        {request->tags().begin(), request->tags().end()}};
        params.lifetime_ms = request->lifetime_ms();
        params.description = request->description();
        WARREN_ASSIGN_OR_RETURN(
            CreatedAuthKey made,
            control::CreateAuthKey(directory, order, tailnet, params));
        *out.mutable_key() = ToMessage(tailnet, made.record);
        out.set_secret(std::move(made.secret));
        return absl::OkStatus();
      });
}

grpc::Status AdminService::ExpireAuthKey(grpc::ServerContext* call,
                                         const v1::ExpireRequest* request,
                                         v1::AuthKey* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::AuthKey& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(AuthKeyRecord * key,
                                FindAuthKey(tailnet, request->ref()));
        WARREN_RETURN_IF_ERROR(
            control::RevokeAuthKey(directory, order, tailnet, *key));
        out = ToMessage(tailnet, *key);
        return absl::OkStatus();
      });
}

grpc::Status AdminService::DeleteAuthKey(grpc::ServerContext* call,
                                         const v1::DeleteRequest* request,
                                         v1::DeleteResponse* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::DeleteResponse& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const AuthKeyRecord* key,
                                FindAuthKey(tailnet, request->ref()));
        out.set_deleted(key->prefix);
        return control::DeleteAuthKey(directory, order, tailnet, *key);
      });
}

grpc::Status AdminService::ListRelays(grpc::ServerContext* call,
                                      const v1::ListRequest* request,
                                      v1::ListRelaysResponse* response) {
  return RunIn(*call, *request, response,
               [](Directory&, const Order&, TailnetState& tailnet, auto& out) {
                 for (const auto& region : tailnet.relays.regions) {
                   *out.add_regions() = convert::ToProto(region);
                 }
                 return absl::OkStatus();
               });
}

grpc::Status AdminService::PutRelay(grpc::ServerContext* call,
                                    const v1::PutRelayRequest* request,
                                    v1::RelayRegion* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::RelayRegion& out) -> absl::Status {
        const derp::RelayRegion region = convert::FromProto(request->region());
        WARREN_RETURN_IF_ERROR(
            control::PutRelay(directory, order, tailnet, region));
        out = convert::ToProto(region);
        return absl::OkStatus();
      });
}

grpc::Status AdminService::DeleteRelay(grpc::ServerContext* call,
                                       const v1::DeleteRequest* request,
                                       v1::DeleteResponse* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::DeleteResponse& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const derp::RelayRegion* region,
                                FindRelay(tailnet, request->ref()));
        out.set_deleted(region->code);
        return control::DeleteRelay(directory, order, tailnet, *region);
      });
}

grpc::Status AdminService::ListAudit(grpc::ServerContext* call,
                                     const v1::ListAuditRequest* request,
                                     v1::ListAuditResponse* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order&, TailnetState& tailnet,
                v1::ListAuditResponse& out) -> absl::Status {
        const uint32_t limit = request->limit() == 0
                                   ? kDefaultAudit
                                   : std::min(request->limit(), kMaxAudit);
        WARREN_ASSIGN_OR_RETURN(
            const auto entries,
            directory.store().audit_log().Read({tailnet.record.id, limit}));
        for (const AuditRecord& entry : entries) {
          *out.add_entries() = ToMessage(entry);
        }
        return absl::OkStatus();
      });
}

}  // namespace warren::control
