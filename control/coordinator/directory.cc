#include "control/coordinator/directory.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "control/coordinator/stored_policy.h"
#include "core/base/check.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// Versions are reserved in the store in steps of this many, so that what is
// not worth storing, such as who is online, can have one too.
constexpr uint64_t kVersionStep = 1024;

}  // namespace

TailnetState* Directory::Tailnet(TailnetId id) {
  const auto found = tailnets_.find(id);
  return found == tailnets_.end() ? nullptr : &found->second;
}

std::pair<TailnetState*, NodeState*> Directory::NodeByKey(
    const crypto::NodeKey& key) {
  const auto found = indexes_.node_keys.find(key);
  if (found == indexes_.node_keys.end()) return {nullptr, nullptr};
  TailnetState& tailnet = tailnets_.at(found->second.first);
  return {&tailnet, &tailnet.nodes.at(found->second.second)};
}

std::vector<std::pair<TailnetState*, NodeState*>> Directory::NodesOfMachine(
    const crypto::MachineKey& machine) {
  std::vector<std::pair<TailnetState*, NodeState*>> out;
  for (auto& [id, tailnet] : tailnets_) {
    NodeState* const node = tailnet.NodeOf(machine);
    if (node != nullptr) out.emplace_back(&tailnet, node);
  }
  return out;
}

std::pair<TailnetState*, AuthKeyRecord*> Directory::AuthKeyByPrefix(
    const std::string& prefix) {
  const auto found = indexes_.auth_keys.find(prefix);
  if (found == indexes_.auth_keys.end()) return {nullptr, nullptr};
  TailnetState& tailnet = tailnets_.at(found->second.first);
  return {&tailnet, &tailnet.auth_keys.at(found->second.second)};
}

bool Directory::HasIpv4(const net::IpAddress& address) const {
  return std::any_of(tailnets_.begin(), tailnets_.end(),
                     [&address](const auto& entry) {
                       return entry.second.by_ipv4.contains(address);
                     });
}

std::string Directory::LoginUrl(absl::string_view id) const {
  return absl::StrCat(options_.public_url, kLoginPath, id);
}

void Directory::AddAuthKey(TailnetState& tailnet, AuthKeyRecord key) {
  indexes_.auth_keys[key.prefix] = {tailnet.record.id, key.id};
  const AuthKeyId id = key.id;
  tailnet.auth_keys[id] = std::move(key);
}

void Directory::EraseAuthKey(TailnetState& tailnet, AuthKeyId id) {
  const auto found = tailnet.auth_keys.find(id);
  if (found == tailnet.auth_keys.end()) return;
  indexes_.auth_keys.erase(found->second.prefix);
  tailnet.auth_keys.erase(found);
}

void Directory::PutSession(TailnetState& tailnet, SessionRecord session) {
  const SessionId id = session.id;
  indexes_.sessions[session.hash] = {tailnet.record.id, id};
  tailnet.accounts.sessions[id] = std::move(session);
}

std::pair<TailnetState*, SessionRecord*> Directory::SessionByHash(
    const SecretHash& hash) {
  const auto found = indexes_.sessions.find(hash);
  if (found == indexes_.sessions.end()) return {nullptr, nullptr};
  TailnetState* const tailnet = Tailnet(found->second.first);
  if (tailnet != nullptr) {
    auto& sessions = tailnet->accounts.sessions;
    const auto session = sessions.find(found->second.second);
    if (session != sessions.end() && session->second.hash == hash) {
      return {tailnet, &session->second};
    }
  }
  indexes_.sessions.erase(found);
  return {nullptr, nullptr};
}

void Directory::PutApiKey(TailnetState& tailnet, ApiKeyRecord key) {
  indexes_.api_keys[key.prefix] = {tailnet.record.id, key.id};
  const ApiKeyId id = key.id;
  tailnet.access.api_keys[id] = std::move(key);
}

std::pair<TailnetState*, ApiKeyRecord*> Directory::ApiKeyByPrefix(
    const std::string& prefix) {
  const auto found = indexes_.api_keys.find(prefix);
  if (found == indexes_.api_keys.end()) return {nullptr, nullptr};
  TailnetState* const tailnet = Tailnet(found->second.first);
  if (tailnet != nullptr) {
    auto& keys = tailnet->access.api_keys;
    const auto key = keys.find(found->second.second);
    if (key != keys.end()) return {tailnet, &key->second};
  }
  indexes_.api_keys.erase(found);
  return {nullptr, nullptr};
}

int64_t Directory::NewId() {
  return static_cast<int64_t>(rng_.Below((uint64_t{1} << 53) - 1)) + 1;
}

void Directory::PutNode(TailnetState& tailnet, NodeRecord record,
                        int64_t now_ms) {
  const NodeId id = record.id;
  const auto found = tailnet.nodes.find(id);
  if (found == tailnet.nodes.end()) {
    tailnet.nodes[id].offline_since_ms = now_ms;
  } else {
    // Where it was seen, if it changes its owner.
    TouchGuests(tailnet, found->second);
    const NodeRecord& old = found->second.record;
    tailnet.by_name.erase(old.naming.name);
    tailnet.by_ipv4.erase(old.ipv4);
    indexes_.node_keys.erase(old.keys.node);
  }
  tailnet.by_name[record.naming.name] = id;
  tailnet.by_ipv4[record.ipv4] = id;
  tailnet.by_machine[record.keys.machine] = id;
  indexes_.node_keys[record.keys.node] = {tailnet.record.id, id};
  tailnet.nodes[id].record = std::move(record);
  TouchNode(tailnet, id, now_ms);
}

void Directory::TouchNode(TailnetState& tailnet, NodeId id, int64_t now_ms) {
  NodeState& node = tailnet.nodes.at(id);
  latest_ms_ = std::max(latest_ms_, now_ms);
  node.expired = node.IsExpired(now_ms);
  tailnet.pending.any = true;
  tailnet.pending.nodes.insert(id);
  TouchGuests(tailnet, node);
  MoveDeadline();
}

void Directory::TouchAllNodes(TailnetState& tailnet, int64_t now_ms) {
  for (const auto& [id, node] : tailnet.nodes) TouchNode(tailnet, id, now_ms);
  TouchTailnet(tailnet);
}

void Directory::TouchTailnet(TailnetState& tailnet) {
  tailnet.pending.any = true;
  tailnet.pending.tailnet = true;
  // The other sides of its shares see its name and its users.
  for (const auto& [id, share] : tailnet.access.shares) {
    const bool ours = share.owner_tailnet == tailnet.record.id;
    TouchOther(ours ? share.guest_tailnet : share.owner_tailnet, !ours);
  }
}

void Directory::SetParsedPolicy(TailnetState& tailnet, PolicyRecord record,
                                std::shared_ptr<const policy::Policy> parsed) {
  tailnet.access.policy = std::move(record);
  tailnet.access.parsed_policy = std::move(parsed);
  tailnet.access.policy_netmap = tailnet.version + 1;
  TouchTailnet(tailnet);
}

void Directory::AddTailnet(TailnetRecord record) {
  TailnetState& tailnet = tailnets_[record.id];
  tailnet.version = record.version;
  tailnet.access.policy.tailnet = record.id;
  auto policy = ReadStoredPolicy(tailnet.access.policy);
  WARREN_CHECK(policy.ok());  // the default
  tailnet.access.parsed_policy = *std::move(policy);
  tailnet.record = std::move(record);
  TouchTailnet(tailnet);
}

int64_t Directory::EphemeralTimeoutMs(const TailnetState& tailnet) const {
  const int64_t own = tailnet.record.settings.ephemeral_timeout_ms;
  return own != 0 ? own : absl::ToInt64Milliseconds(options_.ephemeral_timeout);
}

uint64_t Directory::NextVersion(TailnetState& tailnet) {
  const uint64_t next = tailnet.version + 1;
  if (next > tailnet.record.version) {
    const uint64_t reserved = next + kVersionStep;
    // When the store is full, going on beats standing still: the version is
    // only too low after a restart, where every client gets a full netmap.
    if (store_->ReserveVersions(tailnet.record.id, reserved).ok()) {
      tailnet.record.version = reserved;
    }
  }
  return next;
}

std::optional<int64_t> Directory::NextDeadlineMs() {
  const auto nodes = NextNodeDeadlineMs();
  const auto logins = logins_.NextDeadlineMs();
  if (!nodes || !logins) return nodes ? nodes : logins;
  return std::min(*nodes, *logins);
}

std::optional<int64_t> Directory::NextNodeDeadlineMs() {
  if (deadline_known_) return deadline_ms_;
  deadline_known_ = true;
  deadline_ms_.reset();
  const auto consider = [this](int64_t at) {
    if (!deadline_ms_ || at < *deadline_ms_) deadline_ms_ = at;
  };
  for (const auto& [id, tailnet] : tailnets_) {
    const int64_t timeout = EphemeralTimeoutMs(tailnet);
    for (const auto& [node_id, node] : tailnet.nodes) {
      const int64_t expiry = node.record.times.key_expiry_ms;
      if (expiry != 0 && !node.expired) consider(expiry);
      if (node.record.grant.ephemeral && !node.online()) {
        consider(node.offline_since_ms + timeout);
      }
    }
  }
  return deadline_ms_;
}

}  // namespace warren::control
