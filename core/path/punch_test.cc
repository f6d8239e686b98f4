#include "core/path/punch.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::warren::testing::At;
using ::warren::testing::Ip;
using State = PunchStatus::State;

constexpr auto kEasy = net::Dependence::kEndpointIndependent;
constexpr auto kHard = net::Dependence::kAddressAndPortDependent;
const Path kRelayed = {PathKind::kRelay, net::Endpoint::Relay(RelayId(1))};

NatNote Nat(net::Dependence mapping, const net::Endpoint& mapped) {
  NatNote note;
  note.behavior.translates = true;
  note.behavior.mapping = mapping;
  note.behavior.filtering = kHard;
  note.mapped = mapped;
  note.udp_works = true;
  return note;
}
const NatNote kHere = Nat(kEasy, At("198.51.100.1:41641"));
const NatNote kThere = Nat(kHard, At("203.0.113.9:1025"));

// What a punch made its node do.
struct Done {
  std::vector<net::Endpoint> pings;
  std::vector<PunchNote> notes;
  int num_measured = 0;
  int num_told = 0;
};

// A node with some peers, as the engine drives it.
class PunchTest : public ::testing::Test {
 protected:
  Punch& AddPeer(int64_t id) {
    peers_[id] = std::make_unique<Punch>(NodeId(id), rng_, hub_);
    return *peers_[id];
  }
  void RunFor(absl::Duration time) {
    for (const Instant end = now_ + time; now_ < end;
         now_ += absl::Milliseconds(1)) {
      for (auto& [id, peer] : peers_) {
        if (peer->Next() <= now_) peer->OnTimeout(now_);
      }
      while (const auto turn = hub_.TakeGranted()) {
        peers_.at(turn->peer.value())->OnTurn(now_, turn->first_socket);
      }
      for (auto& [id, peer] : peers_) Drain(id, *peer);
      while (const auto sockets = hub_.PollSockets()) {
        num_open_ += sockets->wanted ? sockets->count : -sockets->count;
      }
    }
  }
  void Drain(int64_t id, Punch& peer) {
    while (const auto action = peer.PollAction()) {
      if (const auto* ping = std::get_if<PunchPing>(&*action)) {
        done_[id].pings.push_back(ping->to);
      } else if (const auto* tell = std::get_if<TellPunch>(&*action)) {
        done_[id].notes.push_back(tell->note);
      } else if (std::holds_alternative<PunchMeasure>(*action)) {
        ++done_[id].num_measured;
      } else if (std::holds_alternative<TellNat>(*action)) {
        ++done_[id].num_told;
      }
    }
  }
  size_t num_pings() const {
    size_t sum = 0;
    for (const auto& [id, done] : done_) sum += done.pings.size();
    return sum;
  }
  // What a hard peer says when its sockets are open.
  static PunchNote Opened(uint32_t generation, bool answer = false) {
    PunchNote note;
    note.generation = generation;
    note.answer = answer;
    note.mapped = kThere.mapped;
    note.num_sockets = 256;
    return note;
  }

  SeededRng rng_{1};
  PunchHub hub_;
  std::map<int64_t, std::unique_ptr<Punch>> peers_;
  std::map<int64_t, Done> done_;
  Instant now_ = Instant::FromEpoch(absl::Hours(1));
  int num_open_ = 0;
};

TEST_F(PunchTest, TheEasySideAsksThenProbesAtAnEvenPace) {
  hub_.SetOwnNat(kHere);
  Punch& punch = AddPeer(1);
  punch.OnNatNote(now_, kThere);
  punch.OnPath(now_, kRelayed, true);
  RunFor(absl::Milliseconds(900));
  EXPECT_TRUE(done_[1].notes.empty());  // Ordinary rounds have their chance.
  RunFor(absl::Milliseconds(100));
  ASSERT_EQ(done_[1].notes.size(), 1u);
  EXPECT_TRUE(done_[1].notes[0].IsRequest());

  punch.OnPunchNote(now_, Opened(done_[1].notes[0].generation, true));
  RunFor(absl::Seconds(1));
  EXPECT_NEAR(static_cast<double>(num_pings()), 500, 10);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(num_pings(), PunchProber::kMaxProbes);
  std::set<uint16_t> ports;
  for (const net::Endpoint& to : done_[1].pings) {
    EXPECT_EQ(to.address(), kThere.mapped.address());
    EXPECT_GE(to.port(), kFirstPunchPort);
    EXPECT_TRUE(ports.insert(to.port()).second);
  }
  EXPECT_EQ(punch.status().num_failed, 1);
}

TEST_F(PunchTest, TheHardSideOpensPingsOnceFromEachAndCloses) {
  hub_.SetOwnNat(kThere);
  Punch& punch = AddPeer(1);
  punch.OnNatNote(now_, kHere);
  punch.OnPath(now_, kRelayed, true);
  RunFor(absl::Seconds(3));
  EXPECT_EQ(num_open_, PunchHub::kNumSockets);
  EXPECT_EQ(done_[1].num_measured, PunchOpener::kNumMeasures);
  std::set<uint16_t> sockets;
  for (const net::Endpoint& to : done_[1].pings) {
    EXPECT_EQ(to.Through(0), kHere.mapped);
    EXPECT_TRUE(sockets.insert(to.socket()).second);
  }
  EXPECT_EQ(sockets.size(), PunchHub::kNumSockets);
  ASSERT_EQ(done_[1].notes.size(), 1u);
  EXPECT_EQ(done_[1].notes[0].num_sockets, PunchHub::kNumSockets);
  RunFor(absl::Seconds(4));
  EXPECT_EQ(num_open_, 0);
}

TEST_F(PunchTest, KeepsTheSocketsThatThePeerUsesAndNoOthers) {
  hub_.SetOwnNat(kThere);
  Punch& punch = AddPeer(1);
  punch.OnNatNote(now_, kHere);
  punch.OnPath(now_, kRelayed, true);
  RunFor(absl::Seconds(2));
  ASSERT_FALSE(done_[1].pings.empty());
  const net::Endpoint way = done_[1].pings[0];
  punch.OnHeard(now_, way);
  punch.OnPath(now_, {PathKind::kDirect, way}, true);
  RunFor(absl::Minutes(3));
  EXPECT_EQ(num_open_, 1);
  EXPECT_EQ(punch.status().state, State::kNotNeeded);
  punch.OnPath(now_, kRelayed, false);
  RunFor(absl::Minutes(2));
  EXPECT_EQ(num_open_, 0);
}

TEST_F(PunchTest, SequentialPortsTakeFewPings) {
  hub_.SetOwnNat(kThere);
  Punch& punch = AddPeer(1);
  punch.OnNatNote(now_, kHere);
  punch.OnPath(now_, kRelayed, true);
  RunFor(absl::Milliseconds(750));
  for (uint16_t i = 0; i < PunchOpener::kNumMeasures; ++i) {
    punch.OnMeasured(
        now_, static_cast<uint16_t>(PunchHub::kFirstSocket + i),
        {kThere.mapped.address(), static_cast<uint16_t>(5000 + i)});
  }
  RunFor(absl::Milliseconds(300));
  EXPECT_EQ(num_pings(), PunchOpener::kFew);
  ASSERT_EQ(done_[1].notes.size(), 1u);
  EXPECT_EQ(done_[1].notes[0].ports, (PortWindow{5003, 1, kMaxSequence}));
}

TEST_F(PunchTest, TellsOfOurNatOnceAndAgainToOneThatBeganAnew) {
  hub_.SetOwnNat(kHere);
  Punch& punch = AddPeer(1);
  const auto num_told = [&] {
    RunFor(absl::Seconds(1));
    return done_[1].num_told;
  };
  punch.OnSession(now_);
  EXPECT_EQ(num_told(), 1);
  punch.OnSession(now_);
  EXPECT_EQ(num_told(), 1);
  punch.OnRestart();
  punch.OnSession(now_);
  EXPECT_EQ(num_told(), 2);
  punch.OnNatNote(now_, kThere);
  RunFor(absl::Seconds(10));
  punch.OnNatNote(now_, kThere);  // It seems to have lost what we said.
  EXPECT_EQ(num_told(), 3);
}

TEST_F(PunchTest, AFloodOfNotesMakesFewAttempts) {
  hub_.SetOwnNat(kHere);
  Punch& punch = AddPeer(1);
  punch.OnNatNote(now_, kThere);
  for (uint32_t i = 0; i < 600; ++i) {  // For a minute.
    punch.OnPunchNote(now_, Opened(i));
    RunFor(absl::Milliseconds(100));
  }
  // 10 s apart at first, then 20 and 40.
  EXPECT_LE(num_pings(), 3 * PunchProber::kMaxProbes);
}

TEST_F(PunchTest, TenPeersAtOnceStayWithinTheBudgetOfTheNode) {
  hub_.SetOwnNat(kHere);
  for (int64_t id = 1; id <= 10; ++id) {
    Punch& punch = AddPeer(id);
    punch.OnNatNote(now_, kThere);
    punch.OnPunchNote(now_, Opened(1));
  }
  RunFor(absl::Seconds(1));
  EXPECT_LE(num_pings(), PunchHub::kBurst + PunchHub::kPerSecond);
  RunFor(absl::Seconds(59));
  EXPECT_LE(num_pings(), 2 * PunchHub::kPerMinute);
  EXPECT_GE(num_pings(), 4 * 1000u);
}

TEST_F(PunchTest, OnlyOneOpensSocketsAtATime) {
  hub_.SetOwnNat(kThere);
  for (int64_t id = 1; id <= 10; ++id) {
    Punch& punch = AddPeer(id);
    punch.OnNatNote(now_, kHere);
    punch.OnPath(now_, kRelayed, true);
  }
  for (int i = 0; i < 100; ++i) {
    RunFor(absl::Milliseconds(600));
    EXPECT_LE(num_open_, PunchHub::kNumSockets);
  }
  for (int64_t id = 1; id <= 10; ++id) EXPECT_FALSE(done_[id].pings.empty());
}

TEST_F(PunchTest, AttemptsInVainGetRarer) {
  hub_.SetOwnNat(kThere);
  Punch& punch = AddPeer(1);
  punch.OnNatNote(now_, kHere);
  punch.OnPath(now_, kRelayed, true);
  RunFor(absl::Minutes(30));
  EXPECT_EQ(punch.status().state, State::kWaiting);
  EXPECT_EQ(punch.status().num_failed, 4);  // After 0, 15, 75 s and 6 min.
  punch.OnMoved(now_);
  EXPECT_EQ(punch.status().num_failed, 0);
}

struct Unwanted {
  const char* name;
  NatNote mine;
  std::optional<NatNote> theirs;
  PunchNote note;
  PunchObstacle obstacle;
};
class UnwantedNote : public PunchTest,
                     public ::testing::WithParamInterface<Unwanted> {};

TEST_P(UnwantedNote, SendsNothing) {
  hub_.SetOwnNat(GetParam().mine);
  Punch& punch = AddPeer(1);
  if (GetParam().theirs) punch.OnNatNote(now_, *GetParam().theirs);
  EXPECT_EQ(punch.status().obstacle, GetParam().obstacle);
  punch.OnPunchNote(now_, GetParam().note);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(num_pings(), 0u);
  EXPECT_EQ(num_open_, 0);
}

PunchNote OpenedAt(const char* mapped) {
  PunchNote note;
  note.mapped = At(mapped);
  note.num_sockets = 256;
  return note;
}
PunchNote StrayAnswer() {
  PunchNote note = OpenedAt("203.0.113.9:1025");
  note.answer = true;
  return note;
}
NatNote Random(NatNote note) {
  note.behavior.ports = net::PortAllocation::kRandom;
  return note;
}

INSTANTIATE_TEST_SUITE_P(
    , UnwantedNote,
    ::testing::ValuesIn(std::vector<Unwanted>{
        {"StockPeer", kHere, std::nullopt, OpenedAt("203.0.113.9:1025"),
         PunchObstacle::kStockPeer},
        {"AnotherAddress", kHere, kThere, OpenedAt("203.0.113.10:1025"),
         PunchObstacle::kNone},
        {"AnswerToNothing", kHere, kThere, StrayAnswer(), PunchObstacle::kNone},
        {"PrivateAddress", kHere, Nat(kHard, At("10.1.2.3:1025")),
         OpenedAt("10.1.2.3:1025"), PunchObstacle::kNoPublicAddress},
        {"Loopback", kHere, Nat(kHard, At("127.0.0.1:1025")),
         OpenedAt("127.0.0.1:1025"), PunchObstacle::kNoPublicAddress},
        {"Multicast", kHere, Nat(kHard, At("224.0.0.1:1025")),
         OpenedAt("224.0.0.1:1025"), PunchObstacle::kNoPublicAddress},
        {"OfTheTailnet", kHere, Nat(kHard, At("100.64.0.9:1025")),
         OpenedAt("100.64.0.9:1025"), PunchObstacle::kNoPublicAddress},
        {"OurOwnAddress", kHere, Nat(kHard, At("198.51.100.1:1025")),
         OpenedAt("198.51.100.1:1025"), PunchObstacle::kSameAddress},
        {"BothEasy", kHere, Nat(kEasy, At("203.0.113.9:1025")),
         OpenedAt("203.0.113.9:1025"), PunchObstacle::kNoHardNat},
        {"BothHardAtRandom", Random(Nat(kHard, At("198.51.100.1:9"))),
         Random(kThere), OpenedAt("203.0.113.9:1025"),
         PunchObstacle::kBothHard},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(PredictPorts, FindsTheRuleOfANat) {
  const auto seen = [](std::vector<uint16_t> ports) {
    std::vector<net::Endpoint> endpoints;
    for (uint16_t port : ports) endpoints.emplace_back(Ip("203.0.113.9"), port);
    return endpoints;
  };
  constexpr auto kUnknown = net::PortAllocation::kUnknown;
  EXPECT_EQ(PredictPorts(seen({700, 701, 702}), kUnknown),
            (PortWindow{703, 1, kMaxSequence}));
  EXPECT_EQ(PredictPorts(seen({706, 704, 700}), kUnknown),
            (PortWindow{698, -2, kMaxSequence}));
  // Others took some in between.
  EXPECT_EQ(PredictPorts(seen({700, 704, 706}), kUnknown).step, 2);
  EXPECT_EQ(PredictPorts(seen({20000, 20700, 20300}), kUnknown),
            (PortWindow{19326, 1, 2048}));
  EXPECT_EQ(PredictPorts(seen({2000, 60000, 31000}), kUnknown).count, 0);
  EXPECT_GT(
      PredictPorts(seen({2000, 60000, 31000}), net::PortAllocation::kPreserving)
          .count,
      20000);
  EXPECT_EQ(PredictPorts({}, kUnknown).count, 0);
}

}  // namespace
}  // namespace warren::path
