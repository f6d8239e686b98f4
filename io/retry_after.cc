#include "io/retry_after.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace warren::io {
namespace {

constexpr char kPayload[] = "warren.io/retry-after-seconds";

}  // namespace

std::optional<absl::Duration> ParseRetryAfter(absl::string_view header) {
  uint32_t seconds = 0;
  const bool digits =
      !header.empty() && std::all_of(header.begin(), header.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  if (!digits) return std::nullopt;
  // Too many digits: too long.
  if (!absl::SimpleAtoi(header, &seconds)) return kMaxRetryAfter;
  return std::min(absl::Seconds(seconds), absl::Duration(kMaxRetryAfter));
}

void SetRetryAfter(absl::Status& status, absl::Duration wait) {
  const int64_t seconds =
      absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
  status.SetPayload(kPayload, absl::Cord(absl::StrCat(seconds)));
}

std::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return std::nullopt;
  return ParseRetryAfter(std::string(*payload));
}

}  // namespace warren::io
