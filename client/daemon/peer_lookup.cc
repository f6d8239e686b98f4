#include "client/daemon/peer_lookup.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace warren::client {
namespace {

bool IsLabel(const netmap::Node& node, absl::string_view text) {
  return absl::EqualsIgnoreCase(node.name, text) ||
         absl::StrCat(node.id.value()) == text;
}

bool IsSelf(const netmap::Node& self, absl::string_view text,
            const absl::StatusOr<net::IpAddress>& address) {
  return IsLabel(self, text) ||
         (address.ok() &&
          std::ranges::find(self.addresses, *address) != self.addresses.end());
}

}  // namespace

absl::StatusOr<NodeId> FindPeer(const engine::Engine* engine,
                                absl::string_view text) {
  if (engine == nullptr || engine->netmap() == nullptr) {
    return absl::FailedPreconditionError(
        "the tunnel is not up; `warren up` brings it up");
  }
  std::optional<NodeId> id;
  std::vector<std::string> names;
  const auto address = net::IpAddress::Parse(text);
  if (address.ok()) id = engine->PeerFor(*address);
  for (const auto& [node_id, node] : engine->netmap()->peers) {
    if (IsLabel(node, text)) id = node_id;
    names.push_back(node.name);
  }
  if (id) return *id;
  if (IsSelf(engine->netmap()->self, text, address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is this device itself"));
  }
  std::sort(names.begin(), names.end());
  return absl::NotFoundError(absl::StrCat(
      "no peer \"", text, "\"; ",
      names.empty() ? "this device has no peers"
                    : absl::StrCat("there are ", absl::StrJoin(names, ", "))));
}

}  // namespace warren::client
