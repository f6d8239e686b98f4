// The two reads of LocalService that tell of the ways to peers.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/daemon/local_service.h"
#include "client/daemon/peer_lookup.h"
#include "client/daemon/why_report.h"
#include "core/base/status_macros.h"
#include "io/grpc_status.h"

namespace warren::client {
namespace {

const netmap::Netmap* NetmapOf(const Daemon& daemon) {
  const engine::Engine* engine = daemon.tunnel().engine();
  return engine == nullptr ? nullptr : engine->netmap();
}

// By name, unless `peer` names one.
absl::StatusOr<std::vector<NodeId>> Chosen(const engine::Engine* engine,
                                           absl::string_view peer) {
  if (!peer.empty()) {
    WARREN_ASSIGN_OR_RETURN(const NodeId id, FindPeer(engine, peer));
    return std::vector<NodeId>{id};
  }
  if (engine == nullptr || engine->netmap() == nullptr) {
    return absl::FailedPreconditionError(
        "the tunnel is not up; `warren up` brings it up");
  }
  std::vector<std::pair<std::string, NodeId>> named;
  for (const auto& [id, node] : engine->netmap()->peers) {
    named.emplace_back(node.name, id);
  }
  std::ranges::sort(named);
  std::vector<NodeId> ids;
  for (const auto& [name, id] : named) ids.push_back(id);
  return ids;
}

}  // namespace

grpc::Status LocalService::Why(grpc::ServerContext* context,
                               const v1::WhyRequest* request,
                               v1::WhyReport* response) {
  auto answer = std::make_shared<v1::WhyReport>();
  const absl::Status status =
      OnLoop(*context, [this, answer, peer = request->peer()](Done done) {
        const absl::Status asked = daemon_.Why(
            peer, [this, answer, done](const engine::WhyReady& ready) {
              if (ready.ends == nullptr) {
                return done(absl::UnavailableError(
                    "the tunnel went down, or the peer was removed"));
              }
              *answer =
                  WhyReportOf(*ready.ends, ready.joined, NetmapOf(daemon_));
              done(absl::OkStatus());
            });
        if (!asked.ok()) done(asked);
      });
  if (status.ok()) *response = std::move(*answer);
  return io::ToGrpc(status);
}

grpc::Status LocalService::DebugPaths(grpc::ServerContext* context,
                                      const v1::DebugPathsRequest* request,
                                      v1::DebugPathsReport* response) {
  auto report = std::make_shared<v1::DebugPathsReport>();
  const absl::Status status =
      OnLoop(*context, [this, report, peer = request->peer()](Done done) {
        const engine::Engine* engine = daemon_.tunnel().engine();
        const auto chosen = Chosen(engine, peer);
        if (!chosen.ok()) return done(chosen.status());
        for (const NodeId id : *chosen) {
          // Not there: a key has expired.
          const auto ends = engine->WhyNow(loop_.Now(), id);
          if (ends) {
            *report->add_peers() = WhyReportOf(*ends, {}, engine->netmap());
          }
        }
        done(absl::OkStatus());
      });
  if (status.ok()) *response = std::move(*report);
  return io::ToGrpc(status);
}

}  // namespace warren::client
