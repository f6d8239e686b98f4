#ifndef WARREN_CORE_BASE_BASE64URL_H_
#define WARREN_CORE_BASE_BASE64URL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

namespace warren {

// Base64 with the alphabet that is safe in URLs, without padding (RFC 4648 §5,
// as RFC 7515 §2 uses it).
std::string ToBase64Url(Bytes bytes);

// The bytes that `text` spells in the only way there is to spell them.
// Nullopt: padding, spaces, another character, an impossible length, bits
// left over that are not 0.
std::optional<std::vector<uint8_t>> ParseBase64Url(absl::string_view text);

}  // namespace warren

#endif  // WARREN_CORE_BASE_BASE64URL_H_
