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

// As people and DNS write it: below the domain of its tailnet.
std::string FullName(const netmap::Node& node, const netmap::Netmap& netmap) {
  return absl::StrCat(node.name, ".",
                      node.shared_in() ? node.domain : netmap.domain);
}

// How well `text` fits the node; 0: not at all.
int Match(const netmap::Node& node, const netmap::Netmap& netmap,
          absl::string_view text) {
  if (absl::StrCat(node.id.value()) == text ||
      absl::EqualsIgnoreCase(FullName(node, netmap), text)) {
    return 3;
  }
  if (!absl::EqualsIgnoreCase(node.name, text)) return 0;
  return node.shared_in() ? 1 : 2;
}

bool HasAddress(const netmap::Node& self,
                const absl::StatusOr<net::IpAddress>& address) {
  return address.ok() &&
         std::ranges::find(self.addresses, *address) != self.addresses.end();
}

}  // namespace

std::optional<NodeId> NodeNamed(const netmap::Netmap& netmap,
                                absl::string_view text) {
  std::optional<NodeId> found;
  int best = 0;
  const auto look_at = [&](const netmap::Node& node) {
    const int match = Match(node, netmap, text);
    if (match <= best) return;
    best = match;
    found = node.id;
  };
  look_at(netmap.self);
  for (const auto& [id, node] : netmap.peers) look_at(node);
  return found;
}

absl::StatusOr<NodeId> FindPeer(const engine::Engine* engine,
                                absl::string_view text) {
  if (engine == nullptr || engine->netmap() == nullptr) {
    return absl::FailedPreconditionError(
        "the tunnel is not up; `warren up` brings it up");
  }
  const netmap::Netmap& netmap = *engine->netmap();
  const auto address = net::IpAddress::Parse(text);
  auto id = address.ok() ? engine->PeerFor(*address) : NodeNamed(netmap, text);
  if (id && id != netmap.self.id) return *id;
  if (id || HasAddress(netmap.self, address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is this device itself"));
  }
  std::vector<std::string> names;
  for (const auto& [node_id, node] : netmap.peers) {
    names.push_back(node.shared_in() ? FullName(node, netmap) : node.name);
  }
  std::sort(names.begin(), names.end());
  return absl::NotFoundError(absl::StrCat(
      "no peer \"", text, "\"; ",
      names.empty() ? "this device has no peers"
                    : absl::StrCat("there are ", absl::StrJoin(names, ", "))));
}

}  // namespace warren::client
