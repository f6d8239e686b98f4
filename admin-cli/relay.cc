#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"

namespace warren::admin {
namespace {

constexpr uint32_t kMaxId = 65535;
constexpr uint32_t kMaxPort = 65535;

struct Words {
  std::string ref, code, name;
  uint32_t id = 0;
  bool yes = false;
};

// One relay server, as the command line says it.
struct Server {
  std::string name, hostname, ipv4, ipv6, cert_name;
  uint32_t derp_port = 0, stun_port = 0;
  bool plain_http = false, no_stun = false;
};

cli::Json ToJson(const v1::RelayNode& node) {
  cli::Json json = cli::Json::Object();
  json.Set("name", node.name())
      .Set("hostname", node.hostname())
      .Set("ipv4", node.ipv4())
      .Set("ipv6", node.ipv6())
      .Set("derp_port", node.derp_port() == 0 ? 443 : node.derp_port())
      .Set("stun_port",
           int64_t{node.stun_port() == 0 ? 3478 : node.stun_port()})
      .Set("plain_http", node.plain_http())
      .Set("cert_name", node.cert_name());
  return json;
}

cli::Json ToJson(const v1::RelayRegion& region) {
  cli::Json nodes = cli::Json::Array();
  for (const v1::RelayNode& node : region.nodes()) nodes.Add(ToJson(node));
  cli::Json json = cli::Json::Object();
  json.Set("id", region.id())
      .Set("code", region.code())
      .Set("name", region.name())
      .Set("nodes", nodes);
  return json;
}

absl::StatusOr<v1::ListRelaysResponse> All(Session& session) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  return session.Call(&Session::Stub::ListRelays, request);
}

absl::StatusOr<v1::RelayRegion> Find(Session& session, const std::string& ref) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session));
  const v1::RelayRegion* found =
      FindByRef(all.regions(), ref,
                [](const v1::RelayRegion& region) { return region.code(); });
  if (found != nullptr) return *found;
  std::vector<std::string> codes;
  for (const v1::RelayRegion& region : all.regions()) {
    codes.push_back(region.code());
  }
  return NoSuch("relay", ref, codes);
}

absl::Status Put(Session& session, const v1::RelayRegion& region,
                 absl::string_view done) {
  v1::PutRelayRequest request;
  request.set_tailnet(session.tailnet);
  *request.mutable_region() = region;
  WARREN_ASSIGN_OR_RETURN(const v1::RelayRegion put,
                          session.Call(&Session::Stub::PutRelay, request));
  session.Print(ToJson(put), Said(done, "relay", put.code(), put.id()));
  return absl::OkStatus();
}

absl::Status List(Session& session) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session));
  cli::Json json = cli::Json::Array();
  cli::Table table({"ID", "CODE", "NAME", "SERVERS"});
  for (const v1::RelayRegion& region : all.regions()) {
    json.Add(ToJson(region));
    std::vector<std::string> hosts;
    for (const auto& node : region.nodes()) hosts.push_back(node.hostname());
    table.Add({absl::StrCat(region.id()), region.code(), region.name(),
               absl::StrJoin(hosts, ", ")});
  }
  session.Print(json, table,
                "no relays: nodes reach each other only where a direct path "
                "can be found; `warren-admin relay create` adds one");
  return absl::OkStatus();
}

absl::Status Show(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const v1::RelayRegion region,
                          Find(session, words.ref));
  cli::Card card;
  card.Add("id", absl::StrCat(region.id()));
  card.Add("code", region.code());
  card.Add("name", region.name());
  cli::Table table({"SERVER", "HOST", "IPV4", "IPV6", "DERP", "STUN"});
  for (const v1::RelayNode& node : region.nodes()) {
    const uint32_t derp = node.derp_port() == 0 ? 443 : node.derp_port();
    table.Add({node.name(), node.hostname(), node.ipv4(), node.ipv6(),
               absl::StrCat(derp, node.plain_http() ? " (no TLS)" : ""),
               node.stun_port() < 0    ? "no"
               : node.stun_port() == 0 ? "3478"
                                       : absl::StrCat(node.stun_port())});
  }
  session.Print(ToJson(region), card.ToString() + table.ToString());
  return absl::OkStatus();
}

void AddServerTo(v1::RelayRegion& region, const Server& server) {
  v1::RelayNode& node = *region.add_nodes();
  node.set_name(server.name.empty()
                    ? absl::StrCat(region.id(), region.nodes_size())
                    : server.name);
  node.set_hostname(server.hostname);
  node.set_ipv4(server.ipv4);
  node.set_ipv6(server.ipv6);
  node.set_derp_port(server.derp_port);
  node.set_stun_port(server.no_stun ? -1
                                    : static_cast<int32_t>(server.stun_port));
  node.set_plain_http(server.plain_http);
  node.set_cert_name(server.cert_name);
}

absl::Status Create(Session& session, const Words& words,
                    const Server& server) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session));
  v1::RelayRegion region;
  uint32_t highest = 0;
  for (const v1::RelayRegion& other : all.regions()) {
    highest = std::max(highest, other.id());
    if (other.id() == words.id || other.code() == words.code) {
      return absl::AlreadyExistsError(
          absl::StrCat("there is a relay ", other.code(), " (id ", other.id(),
                       ") already: delete it first, or add a server to it with "
                       "`relay add-server`"));
    }
  }
  region.set_id(words.id == 0 ? highest + 1 : words.id);
  region.set_code(words.code);
  region.set_name(words.name.empty() ? words.code : words.name);
  AddServerTo(region, server);
  return Put(session, region, "created");
}

absl::Status AddServerHere(Session& session, const Words& words,
                           const Server& server) {
  WARREN_ASSIGN_OR_RETURN(v1::RelayRegion region, Find(session, words.ref));
  AddServerTo(region, server);
  return Put(session, region, "added a server to");
}

absl::Status RemoveServer(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(v1::RelayRegion region, Find(session, words.ref));
  auto& nodes = *region.mutable_nodes();
  std::vector<std::string> names;
  for (int i = 0; i < nodes.size(); ++i) {
    names.push_back(nodes[i].name());
    if (nodes[i].name() != words.name) continue;
    nodes.DeleteSubrange(i, 1);
    return Put(session, region, "removed a server from");
  }
  return NoSuch("server", words.name, names);
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(session.Confirm(
      absl::StrCat("Delete relay ", words.ref, "?"), words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::DeleteRelay, request));
  session.Print(cli::Json::Object().Set("deleted", gone.deleted()),
                absl::StrCat("deleted relay ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

void AddServerOptions(cli::Command& command, Server& server) {
  command
      .Text("--hostname", "Its name, or its address in a lab", "HOST",
            &server.hostname)
      .Required();
  command.Text("--server-name", "For people; else made from the id", "NAME",
               &server.name);
  command.Text("--ipv4", "Else by DNS; \"none\": it has none", "ADDRESS",
               &server.ipv4);
  command.Text("--ipv6", "Else by DNS; \"none\": it has none", "ADDRESS",
               &server.ipv6);
  command.Number("--derp-port", "TCP; else 443", 1, kMaxPort,
                 &server.derp_port);
  command.Number("--stun-port", "UDP; else 3478", 1, kMaxPort,
                 &server.stun_port);
  command.Flag("--no-stun", "It does not answer STUN", &server.no_stun);
  command.Flag("--plain-http", "It speaks without TLS: labs only",
               &server.plain_http);
  command.Text("--cert-name",
               "Another name in its certificate, or sha256-raw:HEX", "NAME",
               &server.cert_name);
}

}  // namespace

void AddRelay(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  const auto server = std::make_shared<Server>();
  cli::Command relay = root.Add("relay", "Relays, by region");
  relay.Add("list", "All regions").Does([&session] { return List(session); });
  cli::Command show = relay.Add("show", "One region with its servers");
  show.Argument("relay", "Code or id", &words->ref);
  show.Does([&session, words] { return Show(session, *words); });
  cli::Command create = relay.Add("create", "Make a region of one server");
  create.Number("--id", "Of the region; else the next free one", 1, kMaxId,
                &words->id);
  create.Text("--code", "Short name, such as fra", "CODE", &words->code)
      .Required();
  create.Text("--name", "For people; else the code", "NAME", &words->name);
  AddServerOptions(create, *server);
  create.Does(
      [&session, words, server] { return Create(session, *words, *server); });
  cli::Command add = relay.Add("add-server", "Add a server to a region");
  add.Argument("relay", "Code or id", &words->ref);
  AddServerOptions(add, *server);
  add.Does([&session, words, server] {
    return AddServerHere(session, *words, *server);
  });
  cli::Command take =
      relay.Add("remove-server", "Take a server out of a region");
  take.Argument("relay", "Code or id", &words->ref);
  take.Argument("server", "Its name", &words->name);
  take.Does([&session, words] { return RemoveServer(session, *words); });
  cli::Command remove = relay.Add("delete", "Remove a region");
  remove.Argument("relay", "Code or id", &words->ref);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
}

}  // namespace warren::admin
