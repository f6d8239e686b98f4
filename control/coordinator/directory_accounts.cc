#include <utility>

#include "control/coordinator/directory.h"

// The part of Directory that is about people and what they share.
namespace warren::control {

void Directory::PutIdentity(TailnetState& tailnet, IdentityRecord identity) {
  AccountState& accounts = tailnet.accounts;
  accounts.by_subject[{identity.issuer, identity.subject}] = identity.id;
  const IdentityId id = identity.id;
  accounts.identities[id] = std::move(identity);
}

void Directory::PutInvitation(TailnetState& tailnet,
                              InvitationRecord invitation) {
  const InvitationId id = invitation.id;
  indexes_.invitations[invitation.hash] = {tailnet.record.id, id};
  tailnet.accounts.invitations[id] = std::move(invitation);
}

std::pair<TailnetState*, const InvitationRecord*> Directory::InvitationByHash(
    const SecretHash& hash) {
  const auto found = indexes_.invitations.find(hash);
  if (found == indexes_.invitations.end()) return {nullptr, nullptr};
  TailnetState* const tailnet = Tailnet(found->second.first);
  if (tailnet != nullptr) {
    const auto& invitations = tailnet->accounts.invitations;
    const auto invitation = invitations.find(found->second.second);
    if (invitation != invitations.end()) return {tailnet, &invitation->second};
  }
  indexes_.invitations.erase(found);
  return {nullptr, nullptr};
}

void Directory::PutShare(const ShareRecord& share) {
  for (const TailnetId id : {share.owner_tailnet, share.guest_tailnet}) {
    TailnetState* const tailnet = Tailnet(id);
    if (tailnet == nullptr) continue;
    tailnet->access.shares[share.id] = share;
    TouchTailnet(*tailnet);
  }
}

void Directory::EraseShare(ShareId id, TailnetState& tailnet) {
  EraseShares(tailnet, [id](const ShareRecord& s) { return s.id == id; });
}

}  // namespace warren::control
