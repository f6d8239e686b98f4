#include "io/cli/human.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace warren::cli {
namespace {

struct Unit {
  absl::Duration size;
  const char* one;
  const char* many;
};

std::string InUnits(absl::Duration span) {
  static const std::array<Unit, 5> kUnits = {{
      {absl::Hours(24 * 365), "year", "years"},
      {absl::Hours(24), "day", "days"},
      {absl::Hours(1), "hour", "hours"},
      {absl::Minutes(1), "min", "min"},
      {absl::Seconds(1), "s", "s"},
  }};
  for (const Unit& unit : kUnits) {
    if (span < 1.5 * unit.size && unit.size > absl::Seconds(1)) continue;
    const int64_t n = (span + unit.size / 2) / unit.size;
    return absl::StrCat(n, " ", n == 1 ? unit.one : unit.many);
  }
  return "0 s";
}

}  // namespace

std::string HumanTime(absl::Time then, absl::Time now) {
  const absl::Duration ahead = then - now;
  if (absl::AbsDuration(ahead) < absl::Seconds(2)) return "now";
  return ahead > absl::ZeroDuration() ? absl::StrCat("in ", InUnits(ahead))
                                      : absl::StrCat(InUnits(-ahead), " ago");
}

std::string HumanMs(int64_t unix_ms, absl::Time now, const char* zero) {
  if (unix_ms == 0) return zero;
  return HumanTime(absl::FromUnixMillis(unix_ms), now);
}

std::string Rfc3339(int64_t unix_ms) {
  if (unix_ms == 0) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(unix_ms),
                          absl::UTCTimeZone());
}

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1000) return absl::StrCat(bytes, " B");
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return value < 9.95 ? absl::StrFormat("%.1f %s", value, kUnits[unit])
                      : absl::StrFormat("%.0f %s", value, kUnits[unit]);
}

std::string HumanRtt(double seconds) {
  if (seconds <= 0) return "";
  if (seconds >= 0.9995) return absl::StrFormat("%.1f s", seconds);
  const double ms = seconds * 1000;
  return ms < 9.95 ? absl::StrFormat("%.1f ms", ms)
                   : absl::StrFormat("%.0f ms", ms);
}

}  // namespace warren::cli
