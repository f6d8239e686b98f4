#include "control/identity/password.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace warren::control {
namespace {

TEST(Password, MatchesItsOwnHashAlone) {
  PasswordHasher hasher;
  const std::string hash = hasher.Hash("a horse of course");
  EXPECT_EQ(hash.substr(0, 10), "$argon2id$");
  EXPECT_NE(hash.find("m=65536,t=2,p=1"), std::string::npos);
  EXPECT_TRUE(hasher.Matches(hash, "a horse of course"));
  EXPECT_FALSE(hasher.Matches(hash, "a horse of coursE"));
  EXPECT_FALSE(hasher.Matches(hash, ""));
  EXPECT_NE(hasher.Hash("a horse of course"), hash);
}

TEST(Password, NobodysAccountMatchesNothing) {
  PasswordHasher hasher;
  for (const char* hash : {"", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$a$b",
                           "$2b$12$abcdefghijklmnopqrstuv", "a horse"}) {
    EXPECT_FALSE(hasher.Matches(hash, "a horse of course")) << hash;
  }
  EXPECT_FALSE(hasher.Matches("", std::string(1 << 20, 'x')));
}

TEST(Password, ManyAtOnceTakeTurns) {
  PasswordHasher hasher;
  const std::string hash = hasher.Hash("a horse of course");
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back(
        [&] { EXPECT_TRUE(hasher.Matches(hash, "a horse of course")); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Password, RefusesWhatIsGuessedFirst) {
  EXPECT_TRUE(CheckNewPassword("a horse of course", "alice").ok());
  EXPECT_TRUE(CheckNewPassword("alice likes to ride horses", "alice").ok());
  for (const char* bad :
       {"", "short", "elevenchars", "aaaaaaaaaaaaaa", "abcabcabcabc",
        "passwordPassword", "Administrator", "alicealice99"}) {
    EXPECT_EQ(CheckNewPassword(bad, "alice").code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_FALSE(CheckNewPassword(std::string(257, 'x') + "y", "alice").ok());
}

}  // namespace
}  // namespace warren::control
