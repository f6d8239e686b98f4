#include "absl/strings/str_cat.h"
#include "admin-cli/nouns.h"
#include "core/base/hex.h"
#include "core/base/status_macros.h"

namespace warren::admin {
namespace {

absl::Status Show(Session& session) {
  WARREN_ASSIGN_OR_RETURN(
      const v1::ServerInfo info,
      session.Call(&Session::Stub::GetServer, v1::GetServerRequest()));
  const std::string key =
      absl::StrCat("mkey:", ToHex(AsBytes(info.public_key())));
  cli::Json json = cli::Json::Object();
  json.Set("version", info.version())
      .Set("public_key", key)
      .Set("num_nodes", info.num_nodes())
      .Set("num_online", info.num_online());
  cli::Card card;
  card.Add("version", info.version());
  card.Add("key", key);
  card.Add("nodes",
           absl::StrCat(info.num_nodes(), ", ", info.num_online(), " online"));
  session.Print(json, card.ToString());
  return absl::OkStatus();
}

}  // namespace

void AddServer(cli::Command root, Session& session) {
  cli::Command server = root.Add("server", "The control server itself");
  cli::Command show = server.Add("show", "Its version, key and numbers");
  show.Does([&session] { return Show(session); });
}

}  // namespace warren::admin
