#include "control/identity/pending_sign_ins.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

class PendingSignInsTest : public ::testing::Test {
 protected:
  std::string Add(const std::string& source) {
    PendingSignIn sign_in;
    sign_in.provider = "p";
    sign_in.return_to = source;
    return pending_.Add(sign_in, "browser", source, now_, rng_);
  }
  bool Has(const std::string& state) {
    return pending_.Take(state, "browser", now_).ok();
  }

  Instant now_ = Instant::FromEpoch(absl::Hours(1));
  SeededRng rng_{1};
  PendingSignIns pending_;
};

TEST_F(PendingSignInsTest, KeepsWhatIsUnderWay) {
  PendingSignIn sign_in;
  sign_in.provider = "p";
  sign_in.return_to = "/x";
  const std::string state =
      pending_.Add(sign_in, "browser", "source", now_, rng_);
  EXPECT_EQ(state.size(), 43u);
  const auto taken = pending_.Take(state, "browser", now_);
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken->provider, "p");
  EXPECT_EQ(taken->return_to, "/x");
  EXPECT_EQ(taken->nonce, sign_in.nonce);
  EXPECT_EQ(taken->code_verifier, sign_in.code_verifier);
  EXPECT_NE(taken->nonce, taken->code_verifier);
  EXPECT_NE(taken->nonce, state);
  EXPECT_EQ(pending_.size(), 0u);
  EXPECT_FALSE(Has(state));
}

TEST_F(PendingSignInsTest, AFloodPushesOutOnlyItself) {
  const std::string calm = Add("calm");
  std::vector<std::string> flood;
  for (size_t i = 0; i < kMaxPendingSignIns + 100; ++i) {
    flood.push_back(Add("flood"));
  }
  EXPECT_EQ(pending_.size(), kMaxPendingSignIns);
  const std::string late = Add("late");
  EXPECT_EQ(pending_.size(), kMaxPendingSignIns);
  EXPECT_TRUE(Has(calm));
  EXPECT_TRUE(Has(late));
  EXPECT_FALSE(Has(flood.front()));
  EXPECT_TRUE(Has(flood.back()));
}

TEST_F(PendingSignInsTest, WhatIsOverMakesRoom) {
  const std::string old = Add("a");
  now_ += kSignInTime;
  const std::string fresh = Add("a");
  EXPECT_EQ(pending_.size(), 1u);
  EXPECT_FALSE(Has(old));
  EXPECT_TRUE(Has(fresh));
}

}  // namespace
}  // namespace warren::control
