#ifndef WARREN_CONTROL_COORDINATOR_RELAY_UNION_H_
#define WARREN_CONTROL_COORDINATOR_RELAY_UNION_H_

#include <map>
#include <utility>

#include "core/base/strong_id.h"
#include "core/derp/relay_map.h"

namespace warren::control {

// The relay map of a tailnet whose nodes also meet nodes of other tailnets,
// which live at relays of theirs: its own regions, where its nodes may live,
// and of the others' those that it lacks, to reach somebody there alone. A
// region's id means something in its own tailnet only; here it may have
// another. The same maps give the same ids.
class RelayUnion {
 public:
  explicit RelayUnion(derp::RelayMap own) : map_(std::move(own)) {}

  // Regions for which there is no room are left out.
  void Add(TailnetId tailnet, const derp::RelayMap& theirs);

  // What a region of `tailnet`, which was added, is called here; 0: it is not
  // there.
  RelayId Here(TailnetId tailnet, RelayId region) const;
  const derp::RelayMap& map() const { return map_; }

 private:
  // 0: no room.
  RelayId PlaceFor(const derp::RelayRegion& region);

  derp::RelayMap map_;
  std::map<std::pair<TailnetId, RelayId>, RelayId> here_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_RELAY_UNION_H_
