#include "io/retry_after.h"

#include <string>

#include "gtest/gtest.h"

namespace warren::io {
namespace {

TEST(RetryAfter, IsReadFromTheHeaderInSeconds) {
  const struct {
    const char* header;
    std::optional<absl::Duration> wait;
  } kCases[] = {
      {"7", absl::Seconds(7)},
      {"0", absl::ZeroDuration()},
      {"300", kMaxRetryAfter},
      {"301", kMaxRetryAfter},
      {"99999999999999999999", kMaxRetryAfter},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {" 7", std::nullopt},
      {"7s", std::nullopt},
      {"Fri, 31 Dec 1999 23:59:59 GMT", std::nullopt},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.header);
    EXPECT_EQ(ParseRetryAfter(c.header), c.wait);
  }
}

TEST(RetryAfter, TravelsWithAStatus) {
  absl::Status status = absl::UnavailableError("busy");
  EXPECT_EQ(RetryAfter(status), std::nullopt);
  SetRetryAfter(status, absl::Milliseconds(2500));
  EXPECT_EQ(RetryAfter(status), absl::Seconds(3));
  EXPECT_EQ(status.message(), "busy");
}

}  // namespace
}  // namespace warren::io
