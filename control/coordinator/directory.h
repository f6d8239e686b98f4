#ifndef WARREN_CONTROL_COORDINATOR_DIRECTORY_H_
#define WARREN_CONTROL_COORDINATOR_DIRECTORY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "control/coordinator/pending_logins.h"
#include "control/coordinator/publication.h"
#include "control/coordinator/tailnet_state.h"
#include "control/identity/auth_key.h"
#include "control/store/store.h"
#include "core/base/rng.h"
#include "core/netmap/compile.h"

namespace warren::control {

// All tailnets in memory, the store behind them and the snapshots made from
// them. The rule of every change: check, write to the store, and only when
// that is durable change what is in memory. Not thread-safe: the coordinator's
// thread owns it. The commands are in registration.h, presence.h and
// administration.h.
class Directory {
 public:
  // Loads what the store holds; makes a first tailnet when there is none.
  static absl::StatusOr<std::unique_ptr<Directory>> Load(
      std::unique_ptr<Store> store, HashKey hash_key, Rng& rng,
      DirectoryOptions options, int64_t now_ms);

  Store& store() { return *store_; }
  Rng& rng() { return rng_; }
  const DirectoryOptions& options() const { return options_; }
  const HashKey& hash_key() const { return hash_key_; }

  std::map<TailnetId, TailnetState>& tailnets() { return tailnets_; }
  const std::map<TailnetId, TailnetState>& tailnets() const {
    return tailnets_;
  }
  // nullptr when there is none.
  TailnetState* Tailnet(TailnetId id);
  // The node with this key, in whatever tailnet; both null when there is none.
  std::pair<TailnetState*, NodeState*> NodeByKey(const crypto::NodeKey& key);
  // The nodes of a machine, at most one in each tailnet.
  std::vector<std::pair<TailnetState*, NodeState*>> NodesOfMachine(
      const crypto::MachineKey& machine);
  // The key with this prefix; both null when there is none.
  std::pair<TailnetState*, AuthKeyRecord*> AuthKeyByPrefix(
      const std::string& prefix);

  // The session of a browser whose cookie has this hash; the API key, OAuth
  // client or access token with this prefix. Both null when there is none.
  std::pair<TailnetState*, SessionRecord*> SessionByHash(
      const SecretHash& hash);
  std::pair<TailnetState*, ApiKeyRecord*> ApiKeyByPrefix(
      const std::string& prefix);
  // The link with a secret of this hash.
  std::pair<TailnetState*, const InvitationRecord*> InvitationByHash(
      const SecretHash& hash);

  // Whether a node of any tailnet has this address.
  bool HasIpv4(const net::IpAddress& address) const;

  // Devices that wait for a person to sign in.
  PendingLogins& logins() { return logins_; }
  // Where that is; needs `public_url`.
  std::string LoginUrl(absl::string_view id) const;

  // A new random id, 1 to 2^53-1.
  int64_t NewId();

  // How long an ephemeral node of `tailnet` may be offline.
  int64_t EphemeralTimeoutMs(const TailnetState& tailnet) const;

  // Of a new netmap stream: rises, never 0.
  uint64_t NextStreamGeneration() { return ++last_generation_; }

  void AddAuthKey(TailnetState& tailnet, AuthKeyRecord key);
  void EraseAuthKey(TailnetState& tailnet, AuthKeyId id);
  // To be removed, these are erased from the maps of `tailnet`.
  void PutSession(TailnetState& tailnet, SessionRecord session);
  void PutApiKey(TailnetState& tailnet, ApiKeyRecord key);

  void PutInvitation(TailnetState& tailnet, InvitationRecord invitation);
  void PutIdentity(TailnetState& tailnet, IdentityRecord identity);
  // In both tailnets.
  void PutShare(const ShareRecord& share);
  void EraseShare(ShareId id, TailnetState& tailnet);

  // To be called after a change that is in the store: what it touched is in
  // the next Publish().
  void PutNode(TailnetState& tailnet, NodeRecord record, int64_t now_ms);
  void TouchNode(TailnetState& tailnet, NodeId id, int64_t now_ms);
  void TouchAllNodes(TailnetState& tailnet, int64_t now_ms);
  void EraseNode(TailnetState& tailnet, NodeId id);
  // Users, shares, relays, names, settings: whatever is not of one node.
  void TouchTailnet(TailnetState& tailnet);
  // The policy that is in force from here on, which has passed its checks.
  void SetParsedPolicy(TailnetState& tailnet, PolicyRecord record,
                       std::shared_ptr<const policy::Policy> parsed);
  void AddTailnet(TailnetRecord record);
  void EraseTailnet(TailnetId id);

  // The user and all that the store deletes along with it: nodes, keys,
  // identities, sessions, invitations, shares.
  void EraseUser(TailnetState& tailnet, UserId id);

  // Commands change memory when the store has taken their change, which may be
  // before it is durable. When it cannot be made durable, Reload() brings
  // memory back to what is stored; for memory that the store knows nothing of,
  // `undo` is called then, the last one first. On an error memory is not what
  // is stored: nothing may be run or published until Reload() succeeds.
  void IfNotDurable(std::function<void()> undo);
  // A command of several writes failed between them: nothing of this batch is
  // to become durable. Other commands of it are told to try again.
  void GiveUpBatch();
  // An event was queued beside those of audit rows.
  void DeliveriesWait() { made_deliveries_ = true; }
  absl::Status Reload(int64_t now_ms);
  // All that was written is durable.
  void OnDurable();

  // Makes and hands out the snapshot of every tailnet that changed.
  void Publish();

  // When OnTime() is next due, in Unix milliseconds; nullopt: not before
  // something changes.
  std::optional<int64_t> NextDeadlineMs();
  // Something changed that moves the deadline.
  void MoveDeadline() { deadline_known_ = false; }

 private:
  Directory(std::unique_ptr<Store> store, HashKey hash_key, Rng& rng,
            DirectoryOptions options);
  // What is looked up across tailnets. The last three may be gone.
  struct Indexes {
    std::map<crypto::NodeKey, std::pair<TailnetId, NodeId>> node_keys;
    std::map<std::string, std::pair<TailnetId, AuthKeyId>> auth_keys;
    std::map<std::string, std::pair<TailnetId, ApiKeyId>> api_keys;
    std::map<SecretHash, std::pair<TailnetId, SessionId>> sessions;
    std::map<SecretHash, std::pair<TailnetId, InvitationId>> invitations;
  };
  std::vector<DeliveryRecord> DeliveriesOf(const AuditRecord& audit);
  absl::Status Fill(int64_t now_ms);
  absl::Status PlaceAccess(AccessContents& contents);
  absl::Status EnsureTailnet(int64_t now_ms);
  std::optional<int64_t> NextNodeDeadlineMs();
  // From both sides.
  void EraseShares(TailnetState& tailnet,
                   const std::function<bool(const ShareRecord&)>& which);
  void PublishOne(TailnetState& tailnet);
  void Announce(const TailnetState& tailnet,
                const std::shared_ptr<const netmap::Snapshot>& before,
                const Pending& pending);
  // The node is seen in other tailnets, too.
  void TouchGuests(const TailnetState& tailnet, const NodeState& node);
  // Another tailnet's guests there, or what it shares with people there.
  void TouchOther(TailnetId id, bool guests);
  bool NeedsPolicy(const TailnetState& tailnet, const Pending& pending) const;
  void PutPolicy(TailnetState& tailnet, netmap::Snapshot& next);
  void PutGuests(const TailnetState& tailnet, netmap::Snapshot& next);
  void PutSharedIn(const TailnetState& tailnet, netmap::Snapshot& next);
  uint64_t NextVersion(TailnetState& tailnet);

  std::unique_ptr<Store> store_;
  HashKey hash_key_;
  Rng& rng_;
  DirectoryOptions options_;
  std::map<TailnetId, TailnetState> tailnets_;
  Indexes indexes_;
  std::vector<std::function<void()>> undo_;
  std::vector<TailnetId> gone_;
  PendingLogins logins_;
  std::optional<int64_t> deadline_ms_;
  bool deadline_known_ = false;
  uint64_t last_generation_ = 0;
  int64_t latest_ms_ = 0;         // newest time that a change came with
  bool made_deliveries_ = false;  // since the last OnDurable()
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_DIRECTORY_H_
