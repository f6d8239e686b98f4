#include <map>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "admin-cli/node_json.h"
#include "admin-cli/nouns.h"
#include "core/base/hex.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

namespace warren::admin {
namespace {

struct Words {
  std::string ref, name, user;
  bool yes = false, never = false;
  std::optional<absl::Duration> in;
};

std::vector<std::string> Strings(
    const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

std::string KeyText(const char* prefix, const std::string& key) {
  return key.empty() ? "" : absl::StrCat(prefix, ToHex(AsBytes(key)));
}

// The user's login, or the tags.
std::string OwnerOf(const v1::Node& node) {
  return node.tags().empty() ? node.user_login()
                             : absl::StrJoin(node.tags(), ",");
}

std::string SeenText(const v1::Node& node, absl::Time now) {
  return node.online() ? "online"
                       : cli::HumanMs(node.last_seen_ms(), now, "never");
}

std::string ExpiryText(const v1::AdminNode& admin, absl::Time now) {
  const std::string when =
      cli::HumanMs(admin.node().key_expiry_ms(), now, "never");
  return admin.expired() ? absl::StrCat("expired ", when) : when;
}

std::string CardOf(const v1::AdminNode& admin) {
  const v1::Node& node = admin.node();
  const absl::Time now = absl::Now();
  cli::Card card;
  card.Add("id", absl::StrCat(node.id()));
  card.Add("name", node.name());
  card.Add("addresses", absl::StrJoin(node.addresses(), ", "));
  card.Add("domain name", admin.domain_name());
  card.Add("owner", OwnerOf(node));
  card.Add("approved", admin.approved() ? "yes" : "no, it waits");
  card.Add("signed in",
           admin.signed_in_by().empty()
               ? ""
               : absl::StrCat("by ", admin.signed_in_by(), " ",
                              cli::HumanMs(admin.signed_in_ms(), now, ""),
                              " from ", admin.signed_in_from()));
  card.Add("routes wanted", absl::StrJoin(admin.advertised_routes(), ", "));
  card.Add("routes approved", absl::StrJoin(admin.approved_routes(), ", "));
  card.Add("shared with", absl::StrJoin(admin.shared_with(), ", "));
  card.Add("seen", SeenText(node, now));
  card.Add("key expires", ExpiryText(admin, now));
  card.Add("ephemeral", node.ephemeral() ? "yes" : "no");
  card.Add("host", absl::StrCat(admin.hostname(), " (", node.os(), " ",
                                admin.os_version(), ")"));
  card.Add("client", admin.client_version());
  card.Add("endpoints", absl::StrJoin(node.endpoints(), ", "));
  card.Add("home relay",
           node.home_relay() == 0 ? "" : absl::StrCat(node.home_relay()));
  card.Add("netmap version", absl::StrCat(admin.applied_version()));
  card.Add("node key", KeyText("nodekey:", node.node_key()));
  card.Add("machine key", KeyText("mkey:", admin.machine_key()));
  card.Add("created", cli::HumanMs(admin.created_ms(), now, ""));
  return card.ToString();
}

absl::Status List(Session& session, const Words& words) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  request.set_user(words.user);
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListNodes, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"ID", "NAME", "ADDRESS", "OWNER", "SEEN", "KEY EXPIRES",
                    "OS", "CLIENT"});
  const absl::Time now = absl::Now();
  for (const v1::AdminNode& admin : all.nodes()) {
    const v1::Node& node = admin.node();
    json.Add(ToJson(admin));
    table.Add({absl::StrCat(node.id()), node.name(),
               node.addresses().empty() ? "-" : node.addresses(0),
               OwnerOf(node),
               admin.approved() ? SeenText(node, now) : "waits for approval",
               ExpiryText(admin, now), node.os(), admin.client_version()});
  }
  session.Print(json, table,
                "no devices yet: `warren up --login-server URL` on one signs "
                "it in; `warren-admin key create --user USER` makes a key for "
                "one where nobody can sign in");
  return absl::OkStatus();
}

absl::Status Show(Session& session, const Words& words) {
  v1::GetRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::AdminNode node,
                          session.Call(&Session::Stub::GetNode, request));
  session.Print(ToJson(node), CardOf(node));
  return absl::OkStatus();
}

absl::Status Rename(Session& session, const Words& words) {
  v1::RenameRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  request.set_new_name(words.name);
  WARREN_ASSIGN_OR_RETURN(const v1::AdminNode node,
                          session.Call(&Session::Stub::RenameNode, request));
  session.Print(ToJson(node),
                Said("renamed", "node", node.node().name(), node.node().id()));
  return absl::OkStatus();
}

absl::Status Expire(Session& session, const Words& words) {
  v1::ExpireRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::AdminNode node,
                          session.Call(&Session::Stub::ExpireNode, request));
  session.Print(ToJson(node),
                Said("expired", "node", node.node().name(), node.node().id()));
  return absl::OkStatus();
}

absl::Status SetExpiry(Session& session, const Words& words) {
  if (words.never == words.in.has_value()) {
    return cli::UsageError("give either --in SPAN or --never");
  }
  v1::SetNodeExpiryRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  if (words.in) {
    request.set_key_expiry_ms(absl::ToUnixMillis(absl::Now() + *words.in));
  }
  WARREN_ASSIGN_OR_RETURN(const v1::AdminNode node,
                          session.Call(&Session::Stub::SetNodeExpiry, request));
  session.Print(ToJson(node),
                absl::StrCat("node ", node.node().name(), ": its key expires ",
                             ExpiryText(node, absl::Now()), "\n"));
  return absl::OkStatus();
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(
      session.Confirm(absl::StrCat("Delete node ", words.ref, "?"), words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::DeleteNode, request));
  session.Print(cli::Json::Object().Set("deleted", gone.deleted()),
                absl::StrCat("deleted node ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

}  // namespace

cli::Json ToJson(const v1::AdminNode& admin) {
  const v1::Node& node = admin.node();
  cli::Json json = cli::Json::Object();
  json.Set("id", node.id())
      .Set("name", node.name())
      .Set("addresses", cli::Json::Strings(Strings(node.addresses())))
      .Set("user", node.user_login())
      .Set("tags", cli::Json::Strings(Strings(node.tags())))
      .Set("online", node.online())
      .SetTime("last_seen", node.last_seen_ms())
      .Set("expired", admin.expired())
      .SetTime("key_expiry", node.key_expiry_ms())
      .Set("ephemeral", node.ephemeral())
      .Set("os", node.os())
      .Set("os_version", admin.os_version())
      .Set("client_version", admin.client_version())
      .Set("hostname", admin.hostname())
      .Set("node_key", KeyText("nodekey:", node.node_key()))
      .Set("machine_key", KeyText("mkey:", admin.machine_key()))
      .Set("endpoints", cli::Json::Strings(Strings(node.endpoints())))
      .Set("home_relay", node.home_relay())
      .Set("allowed_ips", cli::Json::Strings(Strings(node.allowed_ips())))
      .Set("applied_version", admin.applied_version())
      .SetTime("created", admin.created_ms())
      .Set("approved", admin.approved())
      .Set("owner", admin.owner_login())
      .Set("domain_name", admin.domain_name())
      .Set("signed_in_by", admin.signed_in_by())
      .SetTime("signed_in", admin.signed_in_ms())
      .Set("signed_in_from", admin.signed_in_from())
      .Set("advertised_routes",
           cli::Json::Strings(Strings(admin.advertised_routes())))
      .Set("approved_routes",
           cli::Json::Strings(Strings(admin.approved_routes())))
      .Set("routes", cli::Json::Strings(Strings(admin.routes())))
      .Set("shared_with", cli::Json::Strings(Strings(admin.shared_with())))
      .Set("shared_in", admin.shared_in());
  cli::Json attributes = cli::Json::Object();
  const std::map<std::string, std::string> sorted(admin.attributes().begin(),
                                                  admin.attributes().end());
  for (const auto& [name, value] : sorted) attributes.Set(name.c_str(), value);
  json.Set("attributes", attributes);
  return json;
}

void AddNode(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command node = root.Add("node", "Devices in the tailnet");
  cli::Command list = node.Add("list", "All nodes");
  list.Text("--user", "Only those of this user", "USER", &words->user);
  list.Does([&session, words] { return List(session, *words); });
  cli::Command show = node.Add("show", "One node");
  show.Argument("node", "Name or id", &words->ref);
  show.Does([&session, words] { return Show(session, *words); });
  cli::Command rename = node.Add("rename", "Give a node another name");
  rename.Argument("node", "Name or id", &words->ref);
  rename.Argument("name", "The new name", &words->name);
  rename.Does([&session, words] { return Rename(session, *words); });
  cli::Command expire =
      node.Add("expire", "Let its key expire now: it is cut off at once");
  expire.Argument("node", "Name or id", &words->ref);
  expire.Does([&session, words] { return Expire(session, *words); });
  cli::Command expiry = node.Add("set-expiry", "Say when its key expires");
  expiry.Argument("node", "Name or id", &words->ref);
  expiry.Span("--in", "From now, such as 30d", &words->in);
  expiry.Flag("--never", "Never", &words->never);
  expiry.Does([&session, words] { return SetExpiry(session, *words); });
  AddNodeChanges(node, session);
  cli::Command remove = node.Add("delete", "Remove a node");
  remove.Argument("node", "Name or id", &words->ref);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
}

}  // namespace warren::admin
