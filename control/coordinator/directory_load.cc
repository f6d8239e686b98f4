#include <utility>

#include "control/coordinator/directory.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {

Directory::Directory(std::unique_ptr<Store> store, HashKey hash_key, Rng& rng,
                     DirectoryOptions options)
    : store_(std::move(store)),
      hash_key_(std::move(hash_key)),
      rng_(rng),
      options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Directory>> Directory::Load(
    std::unique_ptr<Store> store, HashKey hash_key, Rng& rng,
    DirectoryOptions options, int64_t now_ms) {
  std::unique_ptr<Directory> directory(new Directory(
      std::move(store), std::move(hash_key), rng, std::move(options)));
  WARREN_RETURN_IF_ERROR(directory->Fill(now_ms));
  WARREN_RETURN_IF_ERROR(directory->EnsureTailnet(now_ms));
  directory->Publish();
  return directory;
}

absl::Status Directory::Fill(int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(StoreContents contents, store_->Load());
  // Foreign keys hold: every tailnet and owner named is there.
  for (TailnetRecord& record : contents.tailnets) {
    AddTailnet(std::move(record));
  }
  for (UserRecord& user : contents.users) {
    tailnets_.at(user.tailnet).users[user.id] = std::move(user);
  }
  for (AuthKeyRecord& key : contents.auth_keys) {
    TailnetState& tailnet = tailnets_.at(key.tailnet);
    AddAuthKey(tailnet, std::move(key));
  }
  for (ApiKeyRecord& key : contents.access.api_keys) {
    TailnetState& tailnet = tailnets_.at(key.tailnet);
    PutApiKey(tailnet, std::move(key));
  }
  for (RelayRecord& relay : contents.relays) {
    tailnets_.at(relay.tailnet)
        .relays.regions.push_back(std::move(relay.region));
  }
  for (NodeRecord& node : contents.nodes) {
    TailnetState& tailnet = tailnets_.at(node.tailnet);
    PutNode(tailnet, std::move(node), now_ms);
  }
  return absl::OkStatus();
}

absl::Status Directory::EnsureTailnet(int64_t now_ms) {
  if (!tailnets_.empty()) return absl::OkStatus();
  TailnetRecord first{TailnetId(NewId()), TailnetName(rng_), now_ms, 0};
  WARREN_RETURN_IF_ERROR(
      store_->PutTailnet(first, {first.id, now_ms, "server", "tailnet.create",
                                 first.name, "", first.name}));
  AddTailnet(std::move(first));
  return absl::OkStatus();
}

}  // namespace warren::control
