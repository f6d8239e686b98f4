#ifndef WARREN_CORE_BASE_STRONG_ID_H_
#define WARREN_CORE_BASE_STRONG_ID_H_

#include <compare>
#include <cstdint>
#include <utility>

namespace warren {

// An integer identifier that cannot be mixed up with another kind. `Tag` is
// any type; `Int` its representation.
template <class Tag, class Int>
class StrongId {
 public:
  constexpr StrongId() = default;
  explicit constexpr StrongId(Int value) : value_(value) {}
  constexpr Int value() const { return value_; }
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  Int value_ = 0;
};

// Ids of the data model: random, never reused, never 0 when set. At most
// 2^53-1, so that they survive JSON and stock clients.
using TailnetId = StrongId<struct TailnetIdTag, int64_t>;
using UserId = StrongId<struct UserIdTag, int64_t>;
using NodeId = StrongId<struct NodeIdTag, int64_t>;

// A relay region: 1 to 65535, because the disco protocol carries it in a port
// field (specs: DERPMap, 6.1).
using RelayId = StrongId<struct RelayIdTag, uint16_t>;

}  // namespace warren

#endif  // WARREN_CORE_BASE_STRONG_ID_H_
