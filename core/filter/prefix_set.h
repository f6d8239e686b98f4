#ifndef WARREN_CORE_FILTER_PREFIX_SET_H_
#define WARREN_CORE_FILTER_PREFIX_SET_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/net/ip.h"

namespace warren::filter {

// Which addresses some prefixes cover, asked in O(log n). A value, fixed when
// it is made.
class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::span<const net::IpPrefix> prefixes);

  bool Contains(const net::IpAddress& address) const;
  bool empty() const { return v4_.empty() && v6_.empty(); }

 private:
  // Both ends included; within a vector disjoint and ascending.
  template <class T>
  struct Range {
    T first;
    T last;
  };
  using V6 = std::array<uint8_t, 16>;
  template <class T>
  static void Normalise(std::vector<Range<T>>& ranges);
  template <class T>
  static bool Contains(const std::vector<Range<T>>& ranges, const T& value);

  std::vector<Range<uint32_t>> v4_;
  std::vector<Range<V6>> v6_;
};

}  // namespace warren::filter

#endif  // WARREN_CORE_FILTER_PREFIX_SET_H_
