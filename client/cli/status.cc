#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "client/cli/advice.h"
#include "client/cli/verbs.h"
#include "client/cli/way.h"
#include "client/cli/why_json.h"
#include "core/base/hex.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"
#include "io/cli/json.h"
#include "io/cli/table.h"

namespace warren::client {
namespace {

const char* NameOf(v1::State state) {
  switch (state) {
    case v1::NEEDS_LOGIN:
      return "needs-login";
    case v1::CONNECTING:
      return "connecting";
    case v1::RUNNING:
      return "running";
    case v1::STOPPED:
      return "stopped";
    case v1::EXPIRED:
      return "expired";
    default:
      return "unknown";
  }
}

std::string OwnerOf(const v1::Node& node) {
  return node.tags().empty() ? node.user_login()
                             : absl::StrJoin(node.tags(), ",");
}

cli::Json ToJson(const v1::PeerStatus& peer, bool is_self) {
  const v1::Node& node = peer.node();
  cli::Json json = cli::Json::Object();
  json.Set("id", node.id())
      .Set("name", node.name())
      .Set("domain", node.domain())
      .Set("addresses", cli::Json::Strings(
                            {node.addresses().begin(), node.addresses().end()}))
      .Set("user", node.user_login())
      .Set("tags", cli::Json::Strings({node.tags().begin(), node.tags().end()}))
      .Set("os", node.os())
      .Set("online", is_self || node.online())
      .SetTime("last_seen", node.last_seen_ms())
      .SetTime("key_expiry", node.key_expiry_ms())
      .Set("node_key",
           absl::StrCat("nodekey:", ToHex(AsBytes(node.node_key()))))
      .Set("endpoints", cli::Json::Strings(
                            {node.endpoints().begin(), node.endpoints().end()}))
      .Set("home_relay", node.home_relay())
      .Set("ephemeral", node.ephemeral());
  json.Set("nat_class", NatNameOf(peer.nat_class()))
      .Set("nat", NatToJson(peer.nat()));
  if (is_self) return json;
  json.Set("path", WayToJson(peer.path()))
      .Set("active", peer.active())
      .Set("rx_bytes", peer.rx_bytes())
      .Set("tx_bytes", peer.tx_bytes())
      .SetTime("last_handshake", peer.last_handshake_ms());
  return json;
}

cli::Json ToJson(const v1::Status& status) {
  cli::Json peers = cli::Json::Array();
  for (const v1::PeerStatus& peer : status.peers()) {
    peers.Add(ToJson(peer, false));
  }
  cli::Json json = cli::Json::Object();
  json.Set("version", status.version())
      .Set("state", NameOf(status.state()))
      .Set("control_url", status.control_url())
      .Set("auth_url", status.auth_url())
      .Set("fingerprint", status.fingerprint())
      .Set("tailnet", status.tailnet())
      .Set("domain", status.domain())
      .Set("waits_for_approval", status.waits_for_approval())
      .Set("user", status.user_login())
      .Set("interface", status.interface())
      .Set("netmap_version", status.netmap_version())
      .Set("health", cli::Json::Strings(
                         {status.health().begin(), status.health().end()}));
  if (status.has_self()) {
    json.Set("self", ToJson(status.self(), true));
  } else {
    json.SetNull("self");
  }
  json.Set("peers", peers);
  return json;
}

// "?": it has not told, or is no Warren node.
std::string NatWord(const v1::PeerStatus& peer) {
  switch (peer.nat_class()) {
    case v1::NAT_UNKNOWN:
      return "?";
    case v1::NAT_NO_UDP:
      return "no UDP";
    default:
      return NatNameOf(peer.nat_class());
  }
}

std::vector<std::string> RowOf(const v1::PeerStatus& peer, bool is_self,
                               absl::Time now) {
  const v1::Node& node = peer.node();
  // One of another tailnet, shared with us, has its whole name.
  const std::string name = node.domain().empty()
                               ? node.name()
                               : absl::StrCat(node.name(), ".", node.domain());
  std::vector<std::string> row = {
      name, node.addresses().empty() ? "-" : node.addresses(0), OwnerOf(node),
      node.os()};
  if (is_self) {
    row.insert(row.end(), {"this device", "", NatWord(peer), "", "", ""});
    return row;
  }
  const std::string way = WayOf(peer.path());
  const bool used = peer.rx_bytes() > 0 || peer.tx_bytes() > 0;
  row.push_back(way.empty() || (!peer.active() && !used) ? "idle" : way);
  row.push_back(cli::HumanRtt(peer.path().rtt_seconds()));
  row.push_back(NatWord(peer));
  row.push_back(used ? cli::HumanBytes(peer.rx_bytes()) : "");
  row.push_back(used ? cli::HumanBytes(peer.tx_bytes()) : "");
  row.push_back(node.online()
                    ? "online"
                    : cli::HumanMs(node.last_seen_ms(), now, "never"));
  return row;
}

// Who this device is, in one line.
std::string IdentityOf(const v1::Status& status, absl::Time now) {
  const v1::Node& self = status.self().node();
  std::string text = absl::StrCat(
      OwnerOf(self), " in ",
      status.domain().empty() ? status.tailnet() : status.domain());
  if (self.key_expiry_ms() != 0) {
    const absl::Time expiry = absl::FromUnixMillis(self.key_expiry_ms());
    absl::StrAppend(&text,
                    expiry > now ? ", the key expires " : ", the key expired ",
                    absl::FormatTime("%Y-%m-%d", expiry, absl::UTCTimeZone()));
  }
  return cli::Printable(text) + "\n";
}

std::string ForPeople(const v1::Status& status) {
  std::string text = AdviceFor(status);
  if (!status.self().node().name().empty()) {
    absl::StrAppend(&text, IdentityOf(status, absl::Now()));
  }
  if (status.has_self() && !status.self().node().name().empty()) {
    const absl::Time now = absl::Now();
    cli::Table table({"NAME", "ADDRESS", "OWNER", "OS", "WAY", "RTT", "NAT",
                      "RX", "TX", "SEEN"});
    table.Add(RowOf(status.self(), true, now));
    for (const v1::PeerStatus& peer : status.peers()) {
      table.Add(RowOf(peer, false, now));
    }
    absl::StrAppend(&text, table.ToString());
  }
  for (const std::string& problem : status.health()) {
    absl::StrAppend(&text, "problem: ", cli::Printable(problem), "\n");
  }
  return text;
}

}  // namespace

void AddStatus(cli::Command root, Session& session) {
  const auto json = std::make_shared<bool>(false);
  cli::Command status =
      root.Add("status", "This device, its peers and the ways to them");
  status.Flag("--json", "Print JSON, for scripts", json.get());
  status.Does([&session, json]() -> absl::Status {
    WARREN_ASSIGN_OR_RETURN(
        const v1::Status now,
        session.Call(&v1::Local::Stub::GetStatus, v1::GetStatusRequest()));
    Write(*json ? ToJson(now).ToString() : ForPeople(now));
    return absl::OkStatus();
  });
}

}  // namespace warren::client
