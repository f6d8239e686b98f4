#ifndef WARREN_CONTROL_STREAM_NETMAP_FEED_H_
#define WARREN_CONTROL_STREAM_NETMAP_FEED_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "core/netmap/compile.h"
#include "warren/v1/coordination.pb.h"

namespace warren::control {

// What one node has been told of its tailnet, and what it has to be told next:
// a full netmap, then the difference from there to what is true, however many
// changes lie between. Holds one snapshot, which it shares. Not thread-safe.
class NetmapFeed {
 public:
  explicit NetmapFeed(NodeId node) : node_(node) {}

  struct Told {
    // Alike, for this node, to what it was told; null: nothing yet.
    std::shared_ptr<const netmap::Snapshot> snapshot;
    uint64_t version = 0;
  };
  struct News {
    v1::NetmapUpdate update;
    netmap::Bearing bearing;
    Told before;
  };

  // What brings the node to `latest`; nullopt: nothing that it may see has
  // changed. NOT_FOUND: the node, or with a null `latest` the tailnet, is gone.
  absl::StatusOr<std::optional<News>> Next(
      std::shared_ptr<const netmap::Snapshot> latest);
  // What Next() returned last has not been sent.
  void TakeBack(Told before) { told_ = std::move(before); }
  // Whether the node was told all before, and is owed a difference.
  bool has_told() const { return told_.snapshot != nullptr; }

  // The node sees in `latest` what it was told: keep that one instead. Nothing
  // before the first Next().
  void SkipTo(std::shared_ptr<const netmap::Snapshot> latest);

 private:
  const NodeId node_;
  Told told_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STREAM_NETMAP_FEED_H_
