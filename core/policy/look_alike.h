#ifndef WARREN_CORE_POLICY_LOOK_ALIKE_H_
#define WARREN_CORE_POLICY_LOOK_ALIKE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace warren::policy {

// Why a name could be taken for another that looks the same; empty: it could
// not. Such are letters of two alphabets in one word (Latin, Greek, Cyrillic:
// "аlice" with a Cyrillic first letter), accents that are characters of their
// own (Unicode NFD: write them composed), and characters that are not seen.
// `name` is UTF-8.
std::string LookAlikeFault(absl::string_view name);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_LOOK_ALIKE_H_
