#include "control/identity/totp.h"

#include <gtest/gtest.h>

#include <set>

namespace warren::control {
namespace {

constexpr char kRfcSecret[] = "12345678901234567890";

TEST(Totp, MakesTheCodesOfTheRfc) {
  // RFC 6238 appendix B, SHA-1, the last 6 of its 8 digits.
  const std::pair<int64_t, const char*> vectors[] = {
      {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
      {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
  for (const auto& [seconds, code] : vectors) {
    EXPECT_EQ(TotpCode(kRfcSecret, seconds / kTotpStepSeconds), code);
  }
}

TEST(Totp, TakesACodeOnceAndAStepEarlyOrLate) {
  const int64_t now = 59;  // step 1
  EXPECT_EQ(MatchTotp(kRfcSecret, "287082", now, 0), 1);
  EXPECT_EQ(MatchTotp(kRfcSecret, "287 082", now, 0), 1);
  EXPECT_EQ(MatchTotp(kRfcSecret, "287082", now + 30, 0), 1);
  EXPECT_EQ(MatchTotp(kRfcSecret, "287082", now + 60, 0), std::nullopt);
  EXPECT_EQ(MatchTotp(kRfcSecret, "287082", now, 1), std::nullopt);
  for (const char* bad : {"", "287083", "28708", "2870820", "aaaaaa"}) {
    EXPECT_EQ(MatchTotp(kRfcSecret, bad, now, 0), std::nullopt) << bad;
  }
}

TEST(Totp, WritesWhatAppsRead) {
  EXPECT_EQ(Base32("foobar"), "MZXW6YTBOI");  // RFC 4648 §10
  EXPECT_EQ(Base32(""), "");
  EXPECT_EQ(TotpUri("foobar", "Warren lab", "alice@x"),
            "otpauth://totp/Warren%20lab:alice%40x?secret=MZXW6YTBOI"
            "&issuer=Warren%20lab");
}

TEST(Totp, RecoveryCodesAreManyAndTyped) {
  SeededRng rng(1);
  const auto codes = MakeRecoveryCodes(rng);
  EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), kRecoveryCodes);
  EXPECT_EQ(codes[0].size(), 19u);
  EXPECT_EQ(TidyRecoveryCode(" K3J9-x2m7 abcd"), "k3j9x2m7abcd");
}

}  // namespace
}  // namespace warren::control
