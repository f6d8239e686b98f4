#include "control/identity/seal.h"

#include <string>

#include "absl/strings/match.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

class SealTest : public ::testing::Test {
 protected:
  SealTest() : key_(DeriveSealKey(crypto::MachinePrivateKey::Generate(rng_))) {}
  SeededRng rng_{1};
  SealKey key_;
};

TEST_F(SealTest, ComesBackInItsPlaceOnly) {
  const std::string place = SealPlace("providers.secret", -7);
  EXPECT_EQ(place, "providers.secret:-7");
  const Sealed sealed = Seal(key_, place, "canary", rng_);
  EXPECT_FALSE(absl::StrContains(sealed, "canary"));
  EXPECT_EQ(Unseal(key_, place, sealed).value(), "canary");
  const SealKey other =
      DeriveSealKey(crypto::MachinePrivateKey::Generate(rng_));
  for (const auto& refused :
       {Unseal(key_, SealPlace("providers.secret", 7), sealed),
        Unseal(key_, SealPlace("accounts.totp", -7), sealed),
        Unseal(other, place, sealed)}) {
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST_F(SealTest, TheSameSecretLooksDifferent) {
  EXPECT_NE(Seal(key_, "a:1", "canary", rng_),
            Seal(key_, "a:1", "canary", rng_));
}

TEST_F(SealTest, DamageIsNoticed) {
  const Sealed sealed = Seal(key_, "a:1", "canary", rng_);
  for (size_t i = 0; i < sealed.size(); ++i) {
    Sealed bad = sealed;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(Unseal(key_, "a:1", bad).ok()) << i;
    if (i > 0) {
      EXPECT_FALSE(Unseal(key_, "a:1", sealed.substr(0, i)).ok()) << i;
    }
  }
}

TEST_F(SealTest, NoSecretIsNone) {
  EXPECT_EQ(Seal(key_, "a:1", "", rng_), "");
  EXPECT_EQ(Unseal(key_, "a:1", "").value(), "");
}

}  // namespace
}  // namespace warren::control
