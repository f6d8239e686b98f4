#include "control/stream/netmap_feed.h"

#include <utility>

#include "core/netmap/netmap.h"
#include "proto/convert/netmap.h"

namespace warren::control {

absl::StatusOr<std::optional<NetmapFeed::News>> NetmapFeed::Next(
    std::shared_ptr<const netmap::Snapshot> latest) {
  if (latest == nullptr || !latest->own.nodes.contains(node_)) {
    return absl::NotFoundError("this node was removed");
  }
  News news;
  if (!has_told()) {
    *news.update.mutable_full() =
        convert::ToProto(*netmap::Compile(*latest, node_));
    news.bearing = netmap::kTakesAndGives;
  } else {
    netmap::NetmapDiff diff =
        netmap::CompileDiff(*told_.snapshot, *latest, node_, news.bearing);
    diff.from_version = told_.version;
    if (diff.Empty()) {
      // The older snapshot need not be kept for a version number.
      told_.snapshot = std::move(latest);
      return std::nullopt;
    }
    *news.update.mutable_diff() = convert::ToProto(diff);
  }
  const uint64_t version = latest->version;
  news.before = std::exchange(told_, {std::move(latest), version});
  return news;
}

void NetmapFeed::SkipTo(std::shared_ptr<const netmap::Snapshot> latest) {
  if (has_told()) told_.snapshot = std::move(latest);
}

}  // namespace warren::control
