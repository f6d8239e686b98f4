#include "control/coordinator/relay_union.h"

#include <algorithm>
#include <cstdint>

namespace warren::control {
namespace {

constexpr uint16_t kLastId = 65535;

}  // namespace

RelayId RelayUnion::PlaceFor(const derp::RelayRegion& region) {
  const auto same =
      std::ranges::find(map_.regions, region.nodes, &derp::RelayRegion::nodes);
  if (same != map_.regions.end()) return same->id;
  if (map_.regions.size() >= derp::kMaxRegions) return RelayId();
  derp::RelayRegion added = region;
  // Its own id if that is free, else the last that is.
  for (uint16_t id = kLastId; map_.Find(added.id) != nullptr; --id) {
    added.id = RelayId(id);
  }
  added.no_measure_no_home = true;
  const RelayId id = added.id;
  map_.regions.insert(
      std::ranges::lower_bound(map_.regions, id, {}, &derp::RelayRegion::id),
      std::move(added));
  return id;
}

void RelayUnion::Add(TailnetId tailnet, const derp::RelayMap& theirs) {
  for (const derp::RelayRegion& region : theirs.regions) {
    const std::pair key(tailnet, region.id);
    if (here_.contains(key)) continue;
    here_[key] = PlaceFor(region);
  }
}

RelayId RelayUnion::Here(TailnetId tailnet, RelayId region) const {
  const auto found = here_.find({tailnet, region});
  return found == here_.end() ? RelayId() : found->second;
}

}  // namespace warren::control
