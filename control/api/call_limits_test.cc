#include "control/api/call_limits.h"

#include <gtest/gtest.h>

namespace warren::control {
namespace {

crypto::MachineKey Machine(uint32_t n) {
  std::array<uint8_t, 32> bytes{};
  bytes[0] = static_cast<uint8_t>(n);
  bytes[1] = static_cast<uint8_t>(n >> 8);
  bytes[2] = static_cast<uint8_t>(n >> 16);
  bytes[31] = 1;
  return crypto::MachineKey::FromBytes(bytes);
}

const Instant kStart = Instant() + absl::Hours(1);

TEST(CallLimits, GivesABurstAndThenTheSteadyRate) {
  CallLimits limits;
  for (int i = 0; i < CallLimits::kBurst; ++i) {
    EXPECT_TRUE(limits.Spend(Machine(1), kStart).ok()) << i;
  }
  const absl::Status more = limits.Spend(Machine(1), kStart);
  EXPECT_EQ(more.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(limits.Spend(Machine(2), kStart).ok());
  const Instant later = kStart + CallLimits::kInterval;
  EXPECT_TRUE(limits.Spend(Machine(1), later).ok());
  EXPECT_FALSE(limits.Spend(Machine(1), later).ok());
  for (int i = 0; i < CallLimits::kBurst; ++i) {
    EXPECT_TRUE(limits.Spend(Machine(1), later + absl::Minutes(1)).ok()) << i;
  }
}

TEST(CallLimits, ForgetsThoseWhoHaveRested) {
  CallLimits limits;
  for (uint32_t n = 0; n < CallLimits::kMaxMachines; ++n) {
    EXPECT_TRUE(limits.Spend(Machine(n), kStart).ok());
  }
  EXPECT_EQ(limits.size(), CallLimits::kMaxMachines);
  EXPECT_TRUE(limits.Spend(Machine(70'000), kStart + absl::Minutes(1)).ok());
  EXPECT_EQ(limits.size(), 1u);
}

}  // namespace
}  // namespace warren::control
