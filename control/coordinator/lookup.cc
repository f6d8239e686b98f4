#include "control/coordinator/lookup.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr size_t kMaxNamesShown = 10;

absl::Status NotFound(absl::string_view kind, absl::string_view ref,
                      std::vector<std::string> names) {
  std::string there = absl::StrCat("there is no ", kind, " yet");
  if (!names.empty()) {
    const size_t more = names.size() - std::min(names.size(), kMaxNamesShown);
    names.resize(names.size() - more);
    there = absl::StrCat("there are: ", absl::StrJoin(names, ", "),
                         more > 0 ? absl::StrCat(" and ", more, " more") : "");
  }
  return absl::NotFoundError(
      absl::StrCat("no ", kind, " \"", Printable(ref), "\"; ", there));
}

// The entry of `map`, by a name that `name_of` gives or by its id.
template <class Map, class NameOf>
absl::StatusOr<typename Map::mapped_type*> Find(absl::string_view kind,
                                                Map& map, absl::string_view ref,
                                                const NameOf& name_of) {
  int64_t number = 0;
  const bool is_number = absl::SimpleAtoi(ref, &number);
  typename Map::mapped_type* by_id = nullptr;
  std::vector<std::string> names;
  for (auto& [id, entry] : map) {
    names.push_back(name_of(entry));
    if (names.back() == ref) return &entry;
    if (is_number && id.value() == number) by_id = &entry;
  }
  if (by_id != nullptr) return by_id;
  std::sort(names.begin(), names.end());
  return NotFound(kind, ref, std::move(names));
}

}  // namespace

absl::StatusOr<TailnetState*> FindTailnet(Directory& directory,
                                          absl::string_view ref) {
  auto& tailnets = directory.tailnets();
  const auto name = [](const TailnetState& t) { return t.record.name; };
  if (!ref.empty()) return Find("tailnet", tailnets, ref, name);
  if (tailnets.size() == 1) return &tailnets.begin()->second;
  if (tailnets.empty()) return NotFound("tailnet", ref, {});
  std::vector<std::string> names;
  for (const auto& [id, tailnet] : tailnets) names.push_back(name(tailnet));
  return absl::InvalidArgumentError(
      absl::StrCat("say which tailnet: ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<UserRecord*> FindUser(TailnetState& tailnet,
                                     absl::string_view ref) {
  return Find("user", tailnet.users, ref,
              [](const UserRecord& user) { return user.login; });
}

absl::StatusOr<NodeState*> FindNode(TailnetState& tailnet,
                                    absl::string_view ref) {
  const auto address = net::IpAddress::Parse(ref);
  if (address.ok()) {
    for (auto& [id, node] : tailnet.nodes) {
      if (node.record.ipv4 == *address || node.record.ipv6 == *address) {
        return &node;
      }
    }
  }
  return Find("node", tailnet.nodes, absl::AsciiStrToLower(ref),
              [](const NodeState& node) { return node.record.naming.name; });
}

absl::StatusOr<AuthKeyRecord*> FindAuthKey(TailnetState& tailnet,
                                           absl::string_view ref) {
  // Somebody may paste the whole key: it must not come back in the message.
  const auto prefix = AuthKeyPrefix(ref);
  const std::string name = prefix.ok() ? *prefix : std::string(ref);
  return Find("auth key", tailnet.auth_keys, name,
              [](const AuthKeyRecord& key) { return key.prefix; });
}

absl::StatusOr<derp::RelayRegion*> FindRelay(TailnetState& tailnet,
                                             absl::string_view ref) {
  uint32_t number = 0;
  const bool is_number = absl::SimpleAtoi(ref, &number);
  std::vector<std::string> names;
  for (derp::RelayRegion& region : tailnet.relays.regions) {
    if (region.code == ref) return &region;
    if (is_number && region.id.value() == number) return &region;
    names.push_back(absl::StrCat(region.code, " (", region.id.value(), ")"));
  }
  return NotFound("relay region", ref, std::move(names));
}

}  // namespace warren::control
