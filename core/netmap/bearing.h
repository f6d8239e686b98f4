#ifndef WARREN_CORE_NETMAP_BEARING_H_
#define WARREN_CORE_NETMAP_BEARING_H_

#include <algorithm>
#include <vector>

#include "core/filter/rule.h"

namespace warren::netmap {

// What a change does to one node: whether it takes from it (whom it may see or
// reach, what it lets in, what it may do), whether it gives. Errs on the side
// of both: what replaces something counts as such although it may be more of
// the same. Endpoints, names and who is online are neither.
struct Bearing {
  bool takes = false;
  bool gives = false;

  void Add(const Bearing& other) {
    takes = takes || other.takes;
    gives = gives || other.gives;
  }
  friend bool operator==(const Bearing&, const Bearing&) = default;
};

inline constexpr Bearing kTakesAndGives{true, true};

// Of lists without order: of what an administrator grants, for one.
template <class T>
Bearing BearingOf(const std::vector<T>& before, const std::vector<T>& after) {
  const auto lacks = [](const std::vector<T>& some, const std::vector<T>& all) {
    return std::ranges::any_of(some, [&all](const T& one) {
      return std::ranges::find(all, one) == all.end();
    });
  };
  return {lacks(before, after), lacks(after, before)};
}

// Of what a node lets in. A source, or a destination with its ports, that is
// spelled another way counts as both.
Bearing BearingOf(const std::vector<filter::Rule>& before,
                  const std::vector<filter::Rule>& after);

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_BEARING_H_
