#include "control/coordinator/administration.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/coordinator/names.h"
#include "control/coordinator/tailnet_commands.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr int64_t kDefaultLifetimeMs = 90 * kDayMs;
constexpr int64_t kMaxLifetimeMs = 10 * 365 * kDayMs;
constexpr size_t kMaxTags = 64;  // of one auth key

std::string DateOf(int64_t ms) {
  if (ms == 0) return "never";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMillis(ms),
                          absl::UTCTimeZone());
}

// They are told to every node.
absl::Status CheckTexts(const derp::RelayRegion& region) {
  WARREN_RETURN_IF_ERROR(CheckLine("relay name", region.name));
  for (const derp::RelayNode& node : region.nodes) {
    WARREN_RETURN_IF_ERROR(CheckLine("nodes.name", node.name));
    WARREN_RETURN_IF_ERROR(CheckLine("nodes.hostname", node.hostname));
    WARREN_RETURN_IF_ERROR(CheckLine("nodes.ipv4", node.ipv4));
    WARREN_RETURN_IF_ERROR(CheckLine("nodes.ipv6", node.ipv6));
    WARREN_RETURN_IF_ERROR(CheckLine("nodes.cert_name", node.cert_name));
  }
  return absl::OkStatus();
}

absl::Status CheckFreeName(Directory& directory, const std::string& name) {
  WARREN_RETURN_IF_ERROR(CheckLabel("tailnet name", name));
  if (name != absl::AsciiStrToLower(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tailnet name \"", name, "\": write it in lower-case letters"));
  }
  for (const auto& [id, tailnet] : directory.tailnets()) {
    if (tailnet.record.name != name) continue;
    return absl::AlreadyExistsError(
        absl::StrCat("there is a tailnet \"", name, "\" already"));
  }
  return absl::OkStatus();
}

absl::Status CheckFreeLogin(const TailnetState& tailnet,
                            const std::string& login) {
  WARREN_RETURN_IF_ERROR(CheckLogin("login", login));
  for (const auto& [id, user] : tailnet.users) {
    if (user.login != login) continue;
    return absl::AlreadyExistsError(absl::StrCat(
        "there is a user \"", login, "\" in ", tailnet.record.name));
  }
  return absl::OkStatus();
}

std::vector<NodeId> NodesOf(const TailnetState& tailnet, UserId user) {
  std::vector<NodeId> ids;
  for (const auto& [id, node] : tailnet.nodes) {
    if (node.record.owner == user) ids.push_back(id);
  }
  return ids;
}

}  // namespace

absl::StatusOr<TailnetState*> CreateTailnet(Directory& directory,
                                            const Order& order,
                                            const std::string& wanted) {
  const std::string name =
      wanted.empty() ? SuggestTailnetNames(directory, 1).at(0) : wanted;
  WARREN_RETURN_IF_ERROR(CheckFreeName(directory, name));
  if (directory.tailnets().size() >= kMaxTailnets) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", kMaxTailnets, " tailnets"));
  }
  const TailnetRecord record{TailnetId(directory.NewId()), name, order.now_ms,
                             0};
  WARREN_RETURN_IF_ERROR(directory.store().PutTailnet(
      record, {record.id, order.now_ms, order.actor, "tailnet.create", name, "",
               name, order.source}));
  directory.AddTailnet(record);
  return directory.Tailnet(record.id);
}

absl::Status RenameTailnet(Directory& directory, const Order& order,
                           TailnetState& tailnet, const std::string& name) {
  if (name == tailnet.record.name) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(CheckFreeName(directory, name));
  TailnetRecord record = tailnet.record;
  record.name = name;
  WARREN_RETURN_IF_ERROR(directory.store().PutTailnet(
      record, AuditOf(order, tailnet, "tailnet.rename",
                      absl::StrCat("tailnet ", tailnet.record.name),
                      tailnet.record.name, name)));
  tailnet.record = std::move(record);
  directory.TouchTailnet(tailnet);
  return absl::OkStatus();
}

absl::Status DeleteTailnet(Directory& directory, const Order& order,
                           TailnetState& tailnet, bool force) {
  if (!force && !tailnet.users.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("tailnet ", tailnet.record.name, " has ",
                     tailnet.users.size(), " users and ", tailnet.nodes.size(),
                     " nodes: delete them first, or force it"));
  }
  WARREN_RETURN_IF_ERROR(directory.store().DeleteTailnet(
      tailnet.record.id, AuditOf(order, tailnet, "tailnet.delete",
                                 absl::StrCat("tailnet ", tailnet.record.name),
                                 absl::StrCat(tailnet.users.size(), " users, ",
                                              tailnet.nodes.size(), " nodes"),
                                 "")));
  directory.EraseTailnet(tailnet.record.id);
  return absl::OkStatus();
}

absl::StatusOr<UserRecord> CreateUser(Directory& directory, const Order& order,
                                      TailnetState& tailnet,
                                      const std::string& login,
                                      const std::string& display_name) {
  WARREN_RETURN_IF_ERROR(CheckFreeLogin(tailnet, login));
  WARREN_RETURN_IF_ERROR(CheckLine("display_name", display_name));
  if (tailnet.users.size() >= kMaxUsers) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "tailnet ", tailnet.record.name, " has ", kMaxUsers, " users"));
  }
  UserRecord user{UserId(directory.NewId()), tailnet.record.id, login,
                  display_name, order.now_ms};
  WARREN_RETURN_IF_ERROR(directory.store().PutUser(
      user, AuditOf(order, tailnet, "user.create", absl::StrCat("user ", login),
                    "", login)));
  tailnet.users[user.id] = user;
  return user;
}

absl::Status RenameUser(Directory& directory, const Order& order,
                        TailnetState& tailnet, UserRecord& user,
                        const std::string& login) {
  if (login == user.login) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(CheckFreeLogin(tailnet, login));
  UserRecord renamed = user;
  renamed.login = login;
  WARREN_RETURN_IF_ERROR(directory.store().PutUser(
      renamed, AuditOf(order, tailnet, "user.rename",
                       absl::StrCat("user ", user.login), user.login, login)));
  user = std::move(renamed);
  for (NodeId id : NodesOf(tailnet, user.id)) {
    directory.TouchNode(tailnet, id, order.now_ms);
  }
  return absl::OkStatus();
}

absl::Status DeleteUser(Directory& directory, const Order& order,
                        TailnetState& tailnet, const UserRecord& user,
                        bool force) {
  const UserId user_id = user.id;
  const std::vector<NodeId> nodes = NodesOf(tailnet, user_id);
  if (!force && !nodes.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("user ", user.login, " has ", nodes.size(),
                     " nodes: delete them first, or force it"));
  }
  WARREN_RETURN_IF_ERROR(RequireAnotherOwner(tailnet, user));
  WARREN_RETURN_IF_ERROR(directory.store().DeleteUser(
      user_id,
      AuditOf(order, tailnet, "user.delete", absl::StrCat("user ", user.login),
              absl::StrCat(nodes.size(), " nodes"), "")));
  directory.EraseUser(tailnet, user_id);
  return absl::OkStatus();
}

absl::Status RenameNode(Directory& directory, const Order& order,
                        TailnetState& tailnet, const NodeState& node,
                        const std::string& name) {
  WARREN_RETURN_IF_ERROR(CheckLabel("node name", name));
  NodeRecord record = node.record;
  record.naming.name = absl::AsciiStrToLower(name);
  record.naming.by_admin = true;
  const auto holder = tailnet.by_name.find(record.naming.name);
  if (holder != tailnet.by_name.end() && holder->second != record.id) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is a node \"", record.naming.name, "\" already"));
  }
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record, AuditOf(order, tailnet, "node.rename",
                      absl::StrCat("node ", node.record.naming.name),
                      node.record.naming.name, record.naming.name)));
  directory.PutNode(tailnet, std::move(record), order.now_ms);
  return absl::OkStatus();
}

absl::Status SetNodeExpiry(Directory& directory, const Order& order,
                           TailnetState& tailnet, const NodeState& node,
                           int64_t key_expiry_ms) {
  if (key_expiry_ms < 0 || key_expiry_ms > order.now_ms + 10 * kMaxLifetimeMs) {
    return absl::InvalidArgumentError(
        absl::StrCat("key_expiry_ms: ", key_expiry_ms,
                     " is not a time within the next 100 years, nor 0"));
  }
  NodeRecord record = node.record;
  record.times.key_expiry_ms = key_expiry_ms;
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record,
      AuditOf(order, tailnet, "node.expiry",
              absl::StrCat("node ", record.naming.name),
              DateOf(node.record.times.key_expiry_ms), DateOf(key_expiry_ms))));
  directory.PutNode(tailnet, std::move(record), order.now_ms);
  return absl::OkStatus();
}

absl::Status DeleteNode(Directory& directory, const Order& order,
                        TailnetState& tailnet, const NodeState& node) {
  const NodeId id = node.record.id;
  WARREN_RETURN_IF_ERROR(directory.store().DeleteNode(
      id, AuditOf(order, tailnet, "node.delete",
                  absl::StrCat("node ", node.record.naming.name),
                  node.record.ipv4.ToString(), "")));
  directory.EraseNode(tailnet, id);
  return absl::OkStatus();
}

absl::StatusOr<CreatedAuthKey> CreateAuthKey(Directory& directory,
                                             const Order& order,
                                             TailnetState& tailnet,
                                             const AuthKeyParams& params) {
  if (params.lifetime_ms < 0 || params.lifetime_ms > kMaxLifetimeMs) {
    return absl::InvalidArgumentError(
        "lifetime_ms: at most 10 years; 0 is 90 days");
  }
  if (params.grant.tags.size() > kMaxTags) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tags: ", params.grant.tags.size(), ", at most ", kMaxTags));
  }
  for (const std::string& tag : params.grant.tags) {
    WARREN_RETURN_IF_ERROR(CheckTag(tag));
  }
  WARREN_RETURN_IF_ERROR(CheckLine("description", params.description));
  if (tailnet.auth_keys.size() >= kMaxAuthKeys) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "there are ", kMaxAuthKeys, " auth keys: delete old ones"));
  }
  NewAuthKey made = MakeAuthKey(directory.hash_key(), directory.rng());
  AuthKeyRecord key;
  key.id = AuthKeyId(directory.NewId());
  key.tailnet = tailnet.record.id;
  key.user = params.user;
  key.prefix = made.prefix;
  key.hash = made.hash;
  key.grant = params.grant;
  key.description = params.description;
  key.created_ms = order.now_ms;
  key.expires_ms =
      order.now_ms +
      (params.lifetime_ms == 0 ? kDefaultLifetimeMs : params.lifetime_ms);
  const std::string what = absl::StrCat(
      "user ", tailnet.users.at(params.user).login,
      key.grant.reusable ? ", reusable" : "",
      key.grant.ephemeral ? ", ephemeral" : "",
      key.grant.tags.empty() ? "" : ", ", absl::StrJoin(key.grant.tags, " "));
  WARREN_RETURN_IF_ERROR(directory.store().CreateAuthKey(
      key, AuditOf(order, tailnet, "key.create",
                   absl::StrCat("auth key ", key.prefix), "", what)));
  directory.AddAuthKey(tailnet, key);
  return CreatedAuthKey{std::move(key), std::move(made.text)};
}

absl::Status RevokeAuthKey(Directory& directory, const Order& order,
                           TailnetState& tailnet, AuthKeyRecord& key) {
  if (key.revoked_ms != 0) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(directory.store().RevokeAuthKey(
      key.id, order.now_ms,
      AuditOf(order, tailnet, "key.revoke",
              absl::StrCat("auth key ", key.prefix), "", "revoked")));
  key.revoked_ms = order.now_ms;
  return absl::OkStatus();
}

absl::Status DeleteAuthKey(Directory& directory, const Order& order,
                           TailnetState& tailnet, const AuthKeyRecord& key) {
  WARREN_RETURN_IF_ERROR(directory.store().DeleteAuthKey(
      key.id, AuditOf(order, tailnet, "key.delete",
                      absl::StrCat("auth key ", key.prefix),
                      absl::StrCat(key.num_uses, " uses"), "")));
  directory.EraseAuthKey(tailnet, key.id);
  return absl::OkStatus();
}

absl::Status PutRelay(Directory& directory, const Order& order,
                      TailnetState& tailnet, derp::RelayRegion region) {
  derp::RelayMap relays = tailnet.relays;
  const auto place = std::lower_bound(
      relays.regions.begin(), relays.regions.end(), region.id,
      [](const derp::RelayRegion& r, RelayId id) { return r.id < id; });
  const bool replaces = place != relays.regions.end() && place->id == region.id;
  if (replaces) {
    *place = region;
  } else {
    relays.regions.insert(place, region);
  }
  WARREN_RETURN_IF_ERROR(CheckLabel("relay code", region.code));
  WARREN_RETURN_IF_ERROR(CheckTexts(region));
  WARREN_RETURN_IF_ERROR(derp::Validate(relays));
  for (const derp::RelayRegion& other : relays.regions) {
    if (other.code == region.code && other.id != region.id) {
      return absl::AlreadyExistsError(
          absl::StrCat("relay region ", other.id.value(), " has the code \"",
                       region.code, "\""));
    }
  }
  WARREN_RETURN_IF_ERROR(directory.store().PutRelay(
      {tailnet.record.id, region},
      AuditOf(
          order, tailnet, replaces ? "relay.replace" : "relay.create",
          absl::StrCat("relay region ", region.id.value()), "",
          absl::StrCat(region.code, ", ", region.nodes.size(), " relays"))));
  tailnet.relays = std::move(relays);
  directory.TouchTailnet(tailnet);
  return absl::OkStatus();
}

absl::Status DeleteRelay(Directory& directory, const Order& order,
                         TailnetState& tailnet,
                         const derp::RelayRegion& region) {
  const RelayId id = region.id;
  WARREN_RETURN_IF_ERROR(directory.store().DeleteRelay(
      tailnet.record.id, id,
      AuditOf(order, tailnet, "relay.delete",
              absl::StrCat("relay region ", id.value()), region.code, "")));
  std::erase_if(tailnet.relays.regions,
                [id](const derp::RelayRegion& r) { return r.id == id; });
  directory.TouchTailnet(tailnet);
  return absl::OkStatus();
}

}  // namespace warren::control
