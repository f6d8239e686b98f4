#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/verbs.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

struct Words {
  std::string peer;
  bool v4 = false, v6 = false;
};

bool IsNamed(const v1::Node& node, const std::string& peer) {
  if (absl::EqualsIgnoreCase(node.name(), peer)) return true;
  if (peer == absl::StrCat(node.id())) return true;
  for (const std::string& address : node.addresses()) {
    if (address == peer) return true;
  }
  return false;
}

// The node that `peer` names; this device when it is empty.
absl::StatusOr<v1::Node> Find(const v1::Status& status,
                              const std::string& peer) {
  const v1::Node& self = status.self().node();
  if (peer.empty() || IsNamed(self, peer)) return self;
  std::vector<std::string> names;
  for (const v1::PeerStatus& other : status.peers()) {
    if (IsNamed(other.node(), peer)) return other.node();
    names.push_back(other.node().name());
  }
  return absl::NotFoundError(absl::StrCat(
      "no peer \"", peer, "\"; ",
      names.empty() ? "there are none"
                    : absl::StrCat("there are: ", absl::StrJoin(names, ", "))));
}

absl::Status Ip(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(
      const v1::Status status,
      session.Call(&v1::Local::Stub::GetStatus, v1::GetStatusRequest()));
  WARREN_ASSIGN_OR_RETURN(const v1::Node node, Find(status, words.peer));
  std::string lines;
  for (const std::string& address : node.addresses()) {
    const bool v6 = absl::StrContains(address, ":");
    if (words.v4 == words.v6 || words.v6 == v6) {
      absl::StrAppend(&lines, address, "\n");
    }
  }
  if (lines.empty()) {
    return absl::FailedPreconditionError(
        words.peer.empty() ? "this device has no such address; is it connected "
                             "(`warren status`)?"
                           : absl::StrCat(words.peer, " has no such address"));
  }
  Write(lines);
  return absl::OkStatus();
}

}  // namespace

void AddIp(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command ip = root.Add("ip", "Addresses in the tailnet, one a line");
  ip.Flag("-4", "Only IPv4", &words->v4);
  ip.Flag("-6", "Only IPv6", &words->v6);
  ip.OptionalArgument("peer", "Whose; else this device's", &words->peer);
  ip.Does([&session, words] { return Ip(session, *words); });
}

}  // namespace warren::client
