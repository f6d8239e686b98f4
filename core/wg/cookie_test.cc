#include "core/wg/cookie.h"

#include <array>
#include <vector>

#include "core/base/hex.h"
#include "core/wg/source.h"
#include "core/wg/test_rng.h"
#include "core/wg/timers.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

// The initiation of specs 9.12 without its macs, for node B.
std::vector<uint8_t> VectorInitiation() {
  return *ParseHex(
      "0100000044332211dc2cca31e8e43bbd91dff7e475cca3347eb478107d5bd765aba4ae4a"
      "30c35d44a74f2d1517bfbaa0e8b59358905f692df7f4e10982458ad40879215fc59dd309"
      "a1ce554f6ecd4695ae5b43c6bca3482b22d742bdb48cfe2222c73868faa74d539d6612c0"
      "d453f4c3ad1b3ce000000000000000000000000000000000000000000000000000000000"
      "00000000");
}

const auto kNodeB = *crypto::NodeKey::ParseHex(
    "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254");
const auto kNodeA = *crypto::NodeKey::ParseHex(
    "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");

net::Endpoint At(const char* text) { return *net::Endpoint::Parse(text); }
Source From(const char* text) { return Source(At(text), net::kNoPeer); }

// An overloaded B, and A that wants in.
struct Overloaded : ::testing::Test {
  Overloaded() {
    rng.Then(std::vector<uint8_t>(32, 0xab)).ThenRun(0x70, 24);
    jar.WriteMacs(now, kNodeB, message);
  }
  Instant now;
  ScriptedRng rng;
  CookieChecker checker{kNodeB};
  CookieJar jar;
  std::vector<uint8_t> message = VectorInitiation();
};

TEST_F(Overloaded, AnswersAndIsAnsweredAsTheSpecsSay) {
  EXPECT_TRUE(checker.HasMac1(message));
  const Source source = From("192.0.2.7:41641");
  EXPECT_EQ(ToHex(source.bytes()), "c0000207a9a2");
  EXPECT_FALSE(checker.HasMac2(now, message, source.bytes()));
  const CookieReply reply = checker.Refuse(now, rng, message, source.bytes());
  EXPECT_EQ(ToHex(WriteCookieReply(reply)),
            "0300000044332211707172737475767778797a7b7c7d7e7f808182838485868752"
            "067ec4f47e51cb89761e5678bbde6fa0761ce34ed44af4982e2822829cb0d8");
  ASSERT_TRUE(jar.Take(now, kNodeB, reply));
  jar.WriteMacs(now, kNodeB, message);
  EXPECT_EQ(ToHex(Bytes(message).last(16)), "0c7890f489a765edec8ec0fa0b38f4a0");
  EXPECT_TRUE(checker.HasMac2(now, message, source.bytes()));
}

TEST_F(Overloaded, BindsTheCookieToAddressAndPort) {
  const auto reply =
      checker.Refuse(now, rng, message, From("192.0.2.7:41641").bytes());
  ASSERT_TRUE(jar.Take(now, kNodeB, reply));
  jar.WriteMacs(now, kNodeB, message);
  for (const char* other :
       {"192.0.2.7:41642", "192.0.2.8:41641", "[2001:db8::1]:41641"}) {
    EXPECT_FALSE(checker.HasMac2(now, message, From(other).bytes())) << other;
  }
  const auto relay = net::Endpoint::Relay(RelayId(1));
  EXPECT_NE(ToHex(Source(relay, 1).bytes()), ToHex(Source(relay, 2).bytes()));
}

TEST_F(Overloaded, TakesACookieOnceAndFromThePeerOnly) {
  const auto reply = checker.Refuse(now, rng, message, {});
  CookieReply forged = reply;
  forged.sealed_cookie[3] ^= 1;
  EXPECT_FALSE(jar.Take(now, kNodeB, forged));
  EXPECT_FALSE(jar.Take(now, kNodeA, reply));
  EXPECT_TRUE(jar.Take(now, kNodeB, reply));
  EXPECT_FALSE(jar.Take(now, kNodeB, reply)) << "replayed";
  EXPECT_FALSE(CookieJar().Take(now, kNodeB, reply)) << "nothing was sent";
}

TEST_F(Overloaded, ForgetsCookieAndSecretAfter120Seconds) {
  const auto reply = checker.Refuse(now, rng, message, {});
  ASSERT_TRUE(jar.Take(now, kNodeB, reply));
  const Instant late = now + kCookieLifetime;
  jar.WriteMacs(late - absl::Seconds(1), kNodeB, message);
  EXPECT_TRUE(checker.HasMac2(late, message, {}));
  EXPECT_FALSE(checker.HasMac2(late + absl::Seconds(1), message, {}));
  jar.WriteMacs(late, kNodeB, message = VectorInitiation());
  EXPECT_EQ(ToHex(Bytes(message).last(16)), std::string(32, '0'));
}

TEST_F(Overloaded, SeesAChangeOfAnyByteByMac1) {
  for (size_t i = 0; i < message.size() - kMacSize; ++i) {
    message[i] ^= 1;
    EXPECT_FALSE(checker.HasMac1(message)) << i;
    message[i] ^= 1;
  }
  EXPECT_TRUE(checker.HasMac1(message));
  EXPECT_FALSE(CookieChecker(kNodeA).HasMac1(message));
}

}  // namespace
}  // namespace warren::wg
