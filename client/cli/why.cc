#include <memory>
#include <string>

#include "client/cli/verbs.h"
#include "client/cli/why_json.h"
#include "client/cli/why_screen.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

struct Words {
  std::string peer;
  bool json = false;
};

absl::Status Why(Session& session, const Words& words) {
  v1::WhyRequest request;
  request.set_peer(words.peer);
  WARREN_ASSIGN_OR_RETURN(const v1::WhyReport report,
                          session.Call(&v1::Local::Stub::Why, request));
  Write(words.json ? WhyToJson(report).ToString() : WhyScreen(report));
  return absl::OkStatus();
}

absl::Status DebugPaths(Session& session, const Words& words) {
  v1::DebugPathsRequest request;
  request.set_peer(words.peer);
  WARREN_ASSIGN_OR_RETURN(const v1::DebugPathsReport report,
                          session.Call(&v1::Local::Stub::DebugPaths, request));
  if (!words.json) {
    Write(PathsTable(report));
    return absl::OkStatus();
  }
  cli::Json peers = cli::Json::Array();
  for (const v1::WhyReport& pair : report.peers()) peers.Add(WhyToJson(pair));
  cli::Json json = cli::Json::Object();
  json.Set("peers", peers);
  Write(json.ToString());
  return absl::OkStatus();
}

}  // namespace

void AddWhy(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command why = root.Add(
      "why", "Why packets to a peer go the way they go, as both ends see it");
  why.Flag("--json", "Print JSON, for scripts", &words->json);
  why.Argument("peer", "Name, address or id", &words->peer);
  why.Does([&session, words] { return Why(session, *words); });
}

void AddDebug(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command debug = root.Add("debug", "What the daemon knows, unprocessed");
  cli::Command paths =
      debug.Add("paths", "Addresses tried for each peer, and what came of it");
  paths.Flag("--json", "Print JSON, for scripts: all that is known",
             &words->json);
  paths.OptionalArgument("peer", "Name, address or id; else all", &words->peer);
  paths.Does([&session, words] { return DebugPaths(session, *words); });
}

}  // namespace warren::client
