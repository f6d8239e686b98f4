#ifndef WARREN_CONTROL_COORDINATOR_NAMES_H_
#define WARREN_CONTROL_COORDINATOR_NAMES_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/rng.h"

namespace warren::control {

inline constexpr size_t kMaxLabelSize = 63;  // RFC 1035 §2.3.4
inline constexpr size_t kMaxTextSize = 255;  // bytes of a line for people

// The DNS label that any text makes: lower-case letters, digits and inner
// hyphens, at most 63. Endings such as ".local" go, apostrophes too, anything
// else becomes a hyphen. "device" when nothing is left.
std::string LabelFrom(absl::string_view text);

// `base`, or `base`-1, -2, ..., the first that is not taken. `base` is a label.
std::string UniqueLabel(const std::string& base,
                        const std::function<bool(const std::string&)>& taken);

// INVALID_ARGUMENT says which rule a name that a person chose breaks; `what`
// names it. Labels: letters of either case, digits and inner hyphens.
absl::Status CheckLabel(absl::string_view what, absl::string_view name);
// Logins and names of tailnets: 1 to 254 letters, digits and . _ - + @, the
// first a letter or digit.
absl::Status CheckLogin(absl::string_view what, absl::string_view name);
// "tag:" and a label.
absl::Status CheckTag(absl::string_view tag);

// Whether `text` is valid UTF-8 without control characters (C0, DEL, C1).
bool IsOneLine(absl::string_view text);
// INVALID_ARGUMENT when it is not, or has more than kMaxTextSize bytes. `what`
// names it.
absl::Status CheckLine(absl::string_view what, absl::string_view text);

// `text` as valid UTF-8 without control characters and without those that turn
// the direction of what follows (Unicode 15 §23.2, bidirectional), at most
// kMaxTextSize bytes: what a machine says of itself is shown to people.
std::string Printable(absl::string_view text);

// Two pleasant words: "quiet-otter".
std::string TailnetName(Rng& rng);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_NAMES_H_
