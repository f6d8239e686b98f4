#include <utility>

#include "control/coordinator/directory.h"

// What goes from memory when the store deletes a user, a node or a tailnet:
// the same that its foreign keys take along.
namespace warren::control {
namespace {

template <class Map, class Predicate>
void EraseFrom(Map& map, const Predicate& predicate) {
  std::erase_if(map,
                [&](const auto& entry) { return predicate(entry.second); });
}

template <class Map, class Predicate>
auto IdsOf(const Map& map, const Predicate& predicate) {
  std::vector<typename Map::key_type> ids;
  for (const auto& [id, value] : map) {
    if (predicate(value)) ids.push_back(id);
  }
  return ids;
}

}  // namespace

void Directory::EraseShares(
    TailnetState& tailnet,
    const std::function<bool(const ShareRecord&)>& which) {
  for (ShareId id : IdsOf(tailnet.access.shares, which)) {
    const ShareRecord share = tailnet.access.shares.at(id);
    for (TailnetId side : {share.owner_tailnet, share.guest_tailnet}) {
      TailnetState* const there = Tailnet(side);
      if (there != nullptr && there->access.shares.erase(id) > 0) {
        TouchTailnet(*there);
      }
    }
  }
}

void Directory::EraseNode(TailnetState& tailnet, NodeId id) {
  const auto found = tailnet.nodes.find(id);
  if (found == tailnet.nodes.end()) return;
  const NodeRecord& record = found->second.record;
  TouchGuests(tailnet, found->second);
  tailnet.by_name.erase(record.naming.name);
  tailnet.by_ipv4.erase(record.ipv4);
  tailnet.by_machine.erase(record.keys.machine);
  indexes_.node_keys.erase(record.keys.node);
  EraseShares(tailnet, [id](const ShareRecord& s) { return s.node == id; });
  EraseFrom(tailnet.accounts.invitations,
            [id](const InvitationRecord& i) { return i.node == id; });
  tailnet.pending.any = true;
  tailnet.pending.nodes.erase(id);
  tailnet.pending.removed.push_back(id);
  IfNotDurable([this, id, where = record.tailnet, node = found->second] {
    TailnetState* const back = Tailnet(where);
    if (back != nullptr && back->nodes.contains(id)) {
      back->nodes.at(id).TakePresence(node);
    }
  });
  tailnet.nodes.erase(found);
  MoveDeadline();
}

void Directory::EraseUser(TailnetState& tailnet, UserId id) {
  const auto is_its = [id](const auto& record) { return record.user == id; };
  for (NodeId node : IdsOf(tailnet.nodes, [id](const NodeState& state) {
         return state.record.owner == id;
       })) {
    EraseNode(tailnet, node);
  }
  for (AuthKeyId key : IdsOf(tailnet.auth_keys, is_its)) {
    EraseAuthKey(tailnet, key);
  }
  AccountState& accounts = tailnet.accounts;
  for (IdentityId identity : IdsOf(accounts.identities, is_its)) {
    const IdentityRecord& gone = accounts.identities.at(identity);
    accounts.by_subject.erase({gone.issuer, gone.subject});
    accounts.identities.erase(identity);
  }
  accounts.local_accounts.erase(id);
  EraseFrom(accounts.passkeys, is_its);
  EraseFrom(accounts.sessions, is_its);
  EraseFrom(accounts.invitations, is_its);
  // With the access tokens of its OAuth clients, which are its own too.
  EraseFrom(tailnet.access.api_keys, is_its);
  EraseShares(tailnet, [id](const ShareRecord& s) { return s.guest == id; });
  tailnet.users.erase(id);
}

void Directory::EraseTailnet(TailnetId id) {
  TailnetState& tailnet = tailnets_.at(id);
  EraseShares(tailnet, [](const ShareRecord&) { return true; });
  for (NodeId node :
       IdsOf(tailnet.nodes, [](const NodeState&) { return true; })) {
    EraseNode(tailnet, node);
  }
  for (const auto& [key_id, key] : tailnet.auth_keys) {
    indexes_.auth_keys.erase(key.prefix);
  }
  tailnets_.erase(id);
  gone_.push_back(id);
  MoveDeadline();
}

}  // namespace warren::control
