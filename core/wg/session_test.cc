#include "core/wg/session.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "core/crypto/aead.h"
#include "core/wg/message.h"
#include "core/wg/timers.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

constexpr Instant kStart = Instant::FromEpoch(absl::ZeroDuration());
constexpr uint32_t kRemote = 0x01020304;

struct SessionTest : ::testing::Test {
  static noise::SplitKeys Keys() {
    std::array<uint8_t, 32> a, b;
    a.fill(1);
    b.fill(2);
    return {crypto::SymmetricKey(a), crypto::SymmetricKey(b)};
  }
  std::unique_ptr<Session> Make(Role role, Instant at = kStart) {
    return std::make_unique<Session>(role, IndexLease(table, rng, 7), kRemote,
                                     Keys(), at);
  }
  // What an initiator would send as its message number `counter`.
  static std::vector<uint8_t> Numbered(uint64_t counter) {
    std::vector<uint8_t> bytes(kMinDataSize + 16);
    WriteDataHeader(bytes.data(), kRemote, counter);
    std::array<uint8_t, 32> key;
    key.fill(1);
    crypto::AeadKey(key).Seal(counter, {}, bytes.data() + kDataHeaderSize, 16);
    return bytes;
  }
  static Drop Open(Session& session, std::vector<uint8_t> bytes,
                   Instant now = kStart) {
    net::Packet packet;
    packet.data = bytes.data();
    packet.size = static_cast<uint32_t>(bytes.size());
    return session.Open(now, packet);
  }
  IndexTable table;
  SeededRng rng{1};
};

TEST_F(SessionTest, OpensCountersAcross32BitsUpToTheLimit) {
  auto session = Make(Role::kResponder);
  for (const uint64_t counter :
       {uint64_t{0}, (uint64_t{1} << 32) - 2, (uint64_t{1} << 32) - 1,
        uint64_t{1} << 32, (uint64_t{1} << 32) + 1, kRejectAfterMessages - 1}) {
    EXPECT_EQ(Open(*session, Numbered(counter)), Drop::kNone) << counter;
    EXPECT_EQ(Open(*session, Numbered(counter)), Drop::kReplayed) << counter;
  }
  EXPECT_EQ(Open(*session, Numbered(kRejectAfterMessages)), Drop::kReplayed);
  EXPECT_EQ(Open(*session, Numbered(UINT64_MAX)), Drop::kReplayed);
}

TEST_F(SessionTest, EndsAfter180Seconds) {
  auto session = Make(Role::kResponder);
  const Instant end = kStart + kRejectAfterTime;
  EXPECT_TRUE(session->CanSend(end - absl::Nanoseconds(1)));
  EXPECT_FALSE(session->CanSend(end));
  EXPECT_EQ(Open(*session, Numbered(0), end - absl::Nanoseconds(1)),
            Drop::kNone);
  EXPECT_EQ(Open(*session, Numbered(1), end), Drop::kExpired);
}

TEST_F(SessionTest, WearsOutForItsInitiatorOnly) {
  auto initiated = Make(Role::kInitiator);
  auto responded = Make(Role::kResponder);
  const Instant sending = kStart + kRekeyAfterTime;
  const Instant receiving = kStart + kRekeyAfterTimeReceiving;
  EXPECT_FALSE(initiated->IsWornForSending(sending));
  EXPECT_TRUE(initiated->IsWornForSending(sending + absl::Seconds(1)));
  EXPECT_FALSE(responded->IsWornForSending(sending + absl::Seconds(1)));
  EXPECT_FALSE(initiated->TakeWornForReceiving(receiving));
  EXPECT_TRUE(initiated->TakeWornForReceiving(receiving + absl::Seconds(1)));
  EXPECT_FALSE(initiated->TakeWornForReceiving(receiving + absl::Seconds(2)))
      << "once";
  EXPECT_FALSE(responded->TakeWornForReceiving(receiving + absl::Seconds(1)));
}

TEST_F(SessionTest, GivesItsIndexBackWhenItEnds) {
  auto session = Make(Role::kInitiator);
  const uint32_t index = session->local_index();
  ASSERT_NE(table.Find(index), nullptr);
  EXPECT_EQ(table.Find(index)->session, session.get());
  EXPECT_EQ(table.Find(index)->peer, 7u);
  session.reset();
  EXPECT_EQ(table.Find(index), nullptr);
}

// The rotation of specs 9.7, told by which indices still are somebody's.
struct SessionsTest : SessionTest {
  std::unique_ptr<Session> Add(Role role, uint32_t& index) {
    auto session = Make(role);
    index = session->local_index();
    return session;
  }
  bool Lives(uint32_t index) const { return table.Find(index) != nullptr; }
  uint32_t Current() const {
    return sessions.current() == nullptr ? 0
                                         : sessions.current()->local_index();
  }
  Sessions sessions;
  uint32_t first = 0, second = 0, third = 0;
};

TEST_F(SessionsTest, AnInitiatorKeepsOnePreviousSession) {
  sessions.BeginAsInitiator(Add(Role::kInitiator, first));
  sessions.BeginAsInitiator(Add(Role::kInitiator, second));
  EXPECT_EQ(Current(), second);
  EXPECT_TRUE(Lives(first));
  sessions.BeginAsInitiator(Add(Role::kInitiator, third));
  EXPECT_EQ(Current(), third);
  EXPECT_TRUE(Lives(second));
  EXPECT_FALSE(Lives(first));
}

TEST_F(SessionsTest, AResponderSendsOnTheOldUntilItHearsOnTheNew) {
  sessions.BeginAsResponder(Add(Role::kResponder, first));
  EXPECT_EQ(Current(), 0u);
  EXPECT_TRUE(sessions.OnAuthentic(table.Find(first)->session));
  EXPECT_EQ(Current(), first);
  EXPECT_FALSE(sessions.OnAuthentic(table.Find(first)->session));
  sessions.BeginAsResponder(Add(Role::kResponder, second));
  EXPECT_EQ(Current(), first);
  EXPECT_TRUE(sessions.OnAuthentic(table.Find(second)->session));
  EXPECT_EQ(Current(), second);
  EXPECT_TRUE(Lives(first));
  sessions.BeginAsResponder(Add(Role::kResponder, third));
  EXPECT_FALSE(Lives(first)) << "previous makes room for next";
}

TEST_F(SessionsTest, ANewNextTakesThePlaceOfAnUnprovenOne) {
  sessions.BeginAsResponder(Add(Role::kResponder, first));
  sessions.BeginAsResponder(Add(Role::kResponder, second));
  EXPECT_FALSE(Lives(first));
  EXPECT_TRUE(Lives(second));
}

TEST_F(SessionsTest, AnInitiatorKeepsWhatThePeerBeganMeanwhile) {
  sessions.BeginAsInitiator(Add(Role::kInitiator, first));
  sessions.BeginAsResponder(Add(Role::kResponder, second));
  sessions.BeginAsInitiator(Add(Role::kInitiator, third));
  EXPECT_EQ(Current(), third);
  EXPECT_TRUE(Lives(second));
  EXPECT_FALSE(Lives(first));
  EXPECT_FALSE(sessions.OnAuthentic(table.Find(second)->session));
  sessions.Clear();
  EXPECT_FALSE(Lives(second) || Lives(third));
}

}  // namespace
}  // namespace warren::wg
