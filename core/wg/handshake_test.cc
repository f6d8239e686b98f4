#include "core/wg/handshake.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/base/hex.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/x25519.h"
#include "core/wg/cookie.h"
#include "core/wg/test_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

using crypto::NodeKey;
using crypto::NodePrivateKey;

// What the low 24 bits of nanoseconds hide.
constexpr absl::Duration kStampStep = absl::Nanoseconds(1 << 24);
constexpr absl::Duration kTime = absl::Seconds(1700000000);
const absl::Duration kVectorTime =
    absl::Seconds(1700000000) + absl::Nanoseconds(123456789);

// A key pair of specs 0.4.
NodePrivateKey Key(uint8_t first) {
  ScriptedRng rng;
  return NodePrivateKey::Generate(rng.ThenRun(first));
}

struct Pair {
  NodePrivateKey a = Key(0x00);
  NodePrivateKey b = Key(0x20);
  crypto::PresharedKey no_psk;
  crypto::SharedSecret ss = *crypto::X25519(a, b.public_key());

  Started InitiateAsInVector() {
    ScriptedRng rng;
    rng.ThenRun(0xc0);
    return *Initiate(a.public_key(), b.public_key(), ss, 0x11223344,
                     StampOf(kVectorTime), rng);
  }
};

TEST(Handshake, MakesTheMessagesOfTheSpecsByteForByte) {
  Pair pair;
  Started started = pair.InitiateAsInVector();
  auto initiation = WriteInitiation(started.message);
  CookieJar().WriteMacs(Instant(), pair.b.public_key(), initiation);
  EXPECT_EQ(
      ToHex(initiation),
      "0100000044332211dc2cca31e8e43bbd91dff7e475cca3347eb478107d5bd765aba4ae4a"
      "30c35d44a74f2d1517bfbaa0e8b59358905f692df7f4e10982458ad40879215fc59dd309"
      "a1ce554f6ecd4695ae5b43c6bca3482b22d742bdb48cfe2222c73868faa74d539d6612c0"
      "d453f4c3ad1b3ce0fa9057c20ad04ed582a6d8bfeb1cea00000000000000000000000000"
      "00000000");

  auto claim = ReadClaim(pair.b, *ParseInitiation(initiation));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->static_key, pair.a.public_key());
  const auto stamp = ReadStamp(pair.ss, *ParseInitiation(initiation), *claim);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(ToHex(*stamp), "400000006553f10a07000000");

  ScriptedRng rng;
  rng.ThenRun(0xe0);
  auto responded = Respond(*std::move(claim), pair.no_psk, 0x55667788, rng);
  ASSERT_TRUE(responded);
  auto response = WriteResponse(responded->message);
  CookieJar().WriteMacs(Instant(), pair.a.public_key(), response);
  EXPECT_EQ(
      ToHex(response),
      "020000008877665544332211736845d54e87de09d6bb114aa7042c50a4a015bd9901d1a0"
      "026f5956533a15190b812529bb1eee80002857cb7422d5fc955eaf7803b78d6d50507c7e"
      "93b0370000000000000000000000000000000000");

  const auto keys =
      Finish(started.state, pair.a, pair.no_psk, *ParseResponse(response));
  ASSERT_TRUE(keys);
  EXPECT_EQ(ToHex(keys->from_initiator.Expose()),
            "b51da31efb3d82d15745604ad411a4b603549d0e39798e854be9cf1a2309481a");
  EXPECT_EQ(ToHex(keys->from_responder.Expose()),
            "1f73904e8a9710167e09254221edf51a3b43ca9f2344f24984c12c89d1b18a57");
  EXPECT_EQ(ToHex(responded->keys.from_initiator.Expose()),
            ToHex(keys->from_initiator.Expose()));
}

TEST(Handshake, BothSidesAgreeOnlyWithTheSamePresharedKey) {
  Pair pair;
  std::array<uint8_t, 32> secret;
  secret.fill(7);
  const crypto::PresharedKey psk(secret);
  Started started = pair.InitiateAsInVector();
  auto claim = ReadClaim(pair.b, started.message);
  ASSERT_TRUE(claim && ReadStamp(pair.ss, started.message, *claim));
  SeededRng rng(1);
  const auto responded = Respond(*std::move(claim), psk, 9, rng);
  ASSERT_TRUE(responded);

  EXPECT_FALSE(Finish(started.state, pair.a, pair.no_psk, responded->message));
  const auto keys = Finish(started.state, pair.a, psk, responded->message);
  ASSERT_TRUE(keys) << "a failed response must leave the handshake intact";
  EXPECT_EQ(ToHex(keys->from_responder.Expose()),
            ToHex(responded->keys.from_responder.Expose()));
}

TEST(Handshake, RefusesAnInitiationForAnotherKeyOrWithAnyByteChanged) {
  Pair pair;
  const Initiation good = pair.InitiateAsInVector().message;
  EXPECT_FALSE(ReadClaim(pair.a, good));
  for (size_t i = 8; i < kInitiationSize - kMacsSize; ++i) {
    SCOPED_TRACE(i);
    auto bytes = WriteInitiation(good);
    bytes[i] ^= 0x40;
    const auto bad = ParseInitiation(bytes);
    auto claim = ReadClaim(pair.b, *bad);
    EXPECT_FALSE(claim && ReadStamp(pair.ss, *bad, *claim));
  }
}

// The points whose secret with any key is zero (reliability row 77), with
// their non-canonical forms and with the top bit, which X25519 ignores.
const char* const kLowOrderPoints[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

TEST(Handshake, RefusesKeysOfLowOrderInEverySlot) {
  Pair pair;
  const Started started = pair.InitiateAsInVector();
  SeededRng rng(1);
  for (const char* hex : kLowOrderPoints) {
    SCOPED_TRACE(hex);
    const auto bytes = *ParseHex(hex);
    const auto low = NodeKey::FromBytes(crypto::KeyBytes(bytes));
    EXPECT_FALSE(crypto::X25519(pair.a, low));
    EXPECT_FALSE(
        Initiate(pair.a.public_key(), low, pair.ss, 1, StampOf(kTime), rng));
    Initiation initiation = started.message;
    initiation.ephemeral = low;
    EXPECT_FALSE(ReadClaim(pair.b, initiation));
    auto claim = ReadClaim(pair.b, started.message);
    claim->ephemeral = low;
    EXPECT_FALSE(Respond(*std::move(claim), pair.no_psk, 1, rng));
    claim = ReadClaim(pair.b, started.message);
    claim->static_key = low;
    EXPECT_FALSE(Respond(*std::move(claim), pair.no_psk, 1, rng));
    Response response;
    response.ephemeral = low;
    EXPECT_FALSE(Finish(started.state, pair.a, pair.no_psk, response));
  }
}

TEST(Stamp, RisesWithEachStepAndHidesWhatIsBelow) {
  absl::Duration time = kVectorTime;
  for (int i = 0; i < 1000; ++i) {
    const Stamp stamp = StampOf(time);
    EXPECT_EQ(stamp[9] | stamp[10] | stamp[11], 0);
    EXPECT_GT(StampOf(time + kStampStep), stamp);
    time += kStampStep;
  }
  EXPECT_EQ(StampOf(kTime), StampOf(kTime + kStampStep - absl::Nanoseconds(1)));
}

TEST(Stamp, OfATimeBefore1970IsThatOf1970) {
  EXPECT_EQ(StampOf(-absl::Hours(1)), StampOf(absl::ZeroDuration()));
}

}  // namespace
}  // namespace warren::wg
