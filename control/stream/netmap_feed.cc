#include "control/stream/netmap_feed.h"

#include <utility>

#include "core/base/check.h"
#include "core/netmap/netmap.h"
#include "proto/convert/netmap.h"

namespace warren::control {

absl::StatusOr<std::optional<v1::NetmapUpdate>> NetmapFeed::Next(
    std::shared_ptr<const netmap::Snapshot> latest) {
  std::optional<netmap::Netmap> want;
  if (latest != nullptr) want = netmap::Compile(*latest, node_);
  if (!want) return absl::NotFoundError("this node was removed");
  v1::NetmapUpdate update;
  if (told_ == nullptr) {
    *update.mutable_full() = convert::ToProto(*want);
    told_ = std::move(latest);
    return update;
  }
  const auto has = netmap::Compile(*told_, node_);
  WARREN_CHECK(has.has_value());
  const netmap::NetmapDiff diff = netmap::Diff(*has, *want);
  // What the node has stays the base of the next diff: its version too.
  if (diff.Empty()) return std::nullopt;
  *update.mutable_diff() = convert::ToProto(diff);
  told_ = std::move(latest);
  return update;
}

}  // namespace warren::control
