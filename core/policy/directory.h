#ifndef WARREN_CORE_POLICY_DIRECTORY_H_
#define WARREN_CORE_POLICY_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/base/strong_id.h"
#include "core/policy/address.h"
#include "core/policy/policy.h"
#include "core/policy/topology.h"

// A topology with the look-ups that resolving a policy asks for.
namespace warren::policy {

// The position of a node among those of a topology, which are in the order of
// their ids; of a user likewise. Lists of either ascend, without doubles.
using Index = uint32_t;
using Indices = std::vector<Index>;

// Sorts, and drops doubles.
void Normalise(Indices& list);

// Keeps references to `topology`.
class Directory {
 public:
  explicit Directory(const Topology& topology);

  const std::vector<const Node*>& nodes() const { return nodes_; }
  const Node& node(Index index) const { return *nodes_[index]; }
  const std::vector<NodeId>& ids() const { return ids_; }
  std::optional<Index> Find(NodeId id) const;
  const std::vector<const User*>& users() const { return users_; }

  // All but the devices of guests, which policies do not know (topology.h).
  const Indices& devices() const { return devices_; }
  const Indices& untagged() const { return untagged_; }  // devices of people
  const Indices& tagged() const { return tagged_; }
  const Indices& WithTag(absl::string_view tag) const;
  const Indices& OfUser(Index user) const { return of_user_[user]; }
  // Guest's devices too.
  bool IsGuest(Index node) const { return is_guest_[node]; }
  // The user of an untagged node.
  std::optional<Index> UserOf(Index node) const;

  // By login or another address, in any case of letters.
  Indices UsersNamed(absl::string_view name) const;
  std::optional<Index> FindUser(UserId id) const;

  // Devices with an own address in `range`, appended; may double.
  void AppendWithin(const AddressRange& range, Indices& out) const;
  // Own addresses as texts; the first is IPv4 where there is one.
  const AddressTexts& TextsOf(Index node) const { return texts_[node]; }
  // All own addresses in the order of their texts.
  struct AddressOfNode {
    Index node;
    uint32_t which;  // TextsOf(node)[which]
  };
  const std::vector<AddressOfNode>& by_text() const { return by_text_; }

 private:
  void IndexUsers(const Topology& topology);
  void IndexNodes(const Topology& topology);

  std::vector<const Node*> nodes_;
  std::vector<NodeId> ids_;  // of those; quicker to search
  std::vector<const User*> users_;
  std::vector<Indices> of_user_;
  absl::flat_hash_map<std::string, Indices> by_name_;
  absl::flat_hash_map<std::string, Indices> by_tag_;
  Indices devices_;
  Indices untagged_;
  Indices tagged_;
  std::vector<bool> is_guest_;
  std::vector<AddressTexts> texts_;
  std::vector<std::pair<net::IpAddress, Index>> by_address_;
  std::vector<AddressOfNode> by_text_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_DIRECTORY_H_
