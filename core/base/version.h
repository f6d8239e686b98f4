#ifndef WARREN_CORE_BASE_VERSION_H_
#define WARREN_CORE_BASE_VERSION_H_

namespace warren {

// Of all programs, which are built and released together.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace warren

#endif  // WARREN_CORE_BASE_VERSION_H_
