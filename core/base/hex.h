#ifndef WARREN_CORE_BASE_HEX_H_
#define WARREN_CORE_BASE_HEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

namespace warren {

// Lower-case hexadecimal, no separators.
std::string ToHex(Bytes bytes);

// The bytes that `text` spells: pairs of hexadecimal digits of either case,
// nothing else. INVALID_ARGUMENT names the first character that does not fit,
// never the text itself, which may be a secret.
absl::StatusOr<std::vector<uint8_t>> ParseHex(absl::string_view text);

}  // namespace warren

#endif  // WARREN_CORE_BASE_HEX_H_
