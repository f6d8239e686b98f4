#include "control/stream/netmap_feed.h"

#include <utility>

#include "core/netmap/netmap.h"
#include "proto/convert/netmap.h"

namespace warren::control {

absl::StatusOr<std::optional<v1::NetmapUpdate>> NetmapFeed::Next(
    std::shared_ptr<const netmap::Snapshot> latest) {
  if (latest == nullptr || !latest->own.nodes.contains(node_)) {
    return absl::NotFoundError("this node was removed");
  }
  v1::NetmapUpdate update;
  if (told_ == nullptr) {
    *update.mutable_full() = convert::ToProto(*netmap::Compile(*latest, node_));
  } else {
    netmap::NetmapDiff diff = netmap::CompileDiff(*told_, *latest, node_);
    diff.from_version = told_version_;
    if (diff.Empty()) {
      // The older snapshot need not be kept for a version number.
      told_ = std::move(latest);
      return std::nullopt;
    }
    *update.mutable_diff() = convert::ToProto(diff);
  }
  told_version_ = latest->version;
  told_ = std::move(latest);
  return update;
}

void NetmapFeed::SkipTo(std::shared_ptr<const netmap::Snapshot> latest) {
  if (told_ != nullptr) told_ = std::move(latest);
}

}  // namespace warren::control
