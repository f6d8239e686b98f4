#include "core/filter/prefix_set.h"

#include <algorithm>
#include <cstddef>

namespace warren::filter {
namespace {

std::array<uint8_t, 16> ToArray(const net::IpAddress& address) {
  std::array<uint8_t, 16> out;
  std::ranges::copy(address.bytes(), out.begin());
  return out;
}

}  // namespace

PrefixSet::PrefixSet(std::span<const net::IpPrefix> prefixes) {
  for (const net::IpPrefix& prefix : prefixes) {
    if (prefix.address().is_v4()) {
      const uint32_t first = prefix.address().v4();
      const uint32_t hosts = prefix.bits() == 0
                                 ? UINT32_MAX
                                 : (uint32_t{1} << (32 - prefix.bits())) - 1;
      v4_.push_back({first, first | hosts});
    } else {
      Range<V6> range{ToArray(prefix.address()), ToArray(prefix.address())};
      for (size_t bit = static_cast<size_t>(prefix.bits()); bit < 128; ++bit) {
        range.last[bit / 8] |= static_cast<uint8_t>(0x80 >> (bit % 8));
      }
      v6_.push_back(range);
    }
  }
  Normalise(v4_);
  Normalise(v6_);
}

bool PrefixSet::Contains(const net::IpAddress& address) const {
  return address.is_v4() ? Contains(v4_, address.v4())
                         : Contains(v6_, ToArray(address));
}

template <class T>
void PrefixSet::Normalise(std::vector<Range<T>>& ranges) {
  std::ranges::sort(ranges, {}, &Range<T>::first);
  size_t kept = 0;
  for (const Range<T>& range : ranges) {
    if (kept > 0 && range.first <= ranges[kept - 1].last) {
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

template <class T>
bool PrefixSet::Contains(const std::vector<Range<T>>& ranges, const T& value) {
  // The last range that begins at or before `value`.
  const auto after =
      std::ranges::upper_bound(ranges, value, {}, &Range<T>::first);
  return after != ranges.begin() && value <= std::prev(after)->last;
}

}  // namespace warren::filter
