#ifndef WARREN_IO_RETRY_AFTER_H_
#define WARREN_IO_RETRY_AFTER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace warren::io {

// The longest that a server may send somebody away for; more counts as this.
inline constexpr absl::Duration kMaxRetryAfter = absl::Minutes(5);

// RFC 9110 §10.2.3, in seconds; nullopt: none, or a date, or nonsense.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view header);

// A status may carry when to come again.
void SetRetryAfter(absl::Status& status, absl::Duration wait);
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

}  // namespace warren::io

#endif  // WARREN_IO_RETRY_AFTER_H_
