// `warren why` between real engines: the cause it states is the one injected.

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/sim/lab.h"
#include "core/sim/oracle.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using engine::Cause;
using engine::Diagnosis;
using engine::Finding;
using engine::Verdict;
using engine::WhyReady;
using engine::WhySide;

// What `a` learns when it asks why it reaches `b` as it does.
WhyReady Ask(Lab& lab, SimNode& a, const SimNode& b) {
  std::optional<uint64_t> id;
  a.With([&](engine::Engine& engine, Instant now) {
    const auto asked = engine.AskWhy(now, b.id());
    ASSERT_TRUE(asked.ok()) << asked.status();
    id = *asked;
  });
  std::optional<WhyReady> ready;
  lab.world().RunUntil(
      [&] {
        for (const engine::EngineEvent& event : a.events()) {
          const auto* why = std::get_if<WhyReady>(&event);
          if (why != nullptr && why->ask_id == id) ready = *why;
        }
        return ready.has_value();
      },
      absl::Seconds(4));
  EXPECT_TRUE(ready.has_value() && ready->ends != nullptr);
  return ready.value_or(WhyReady());
}

Diagnosis DiagnosisOf(const WhyReady& ready) {
  return Diagnose(ready.ends->local, ready.ends->remote);
}

std::string Sentence(const WhyReady& ready) {
  return TextOf(DiagnosisOf(ready).cause, ready.ends->local,
                ready.ends->remote);
}

// Traffic between the two for a while, as a person would who wonders.
void Talk(Lab& lab, SimNode& a, SimNode& b, absl::Duration time) {
  for (absl::Duration t; t < time; t += absl::Milliseconds(500)) {
    a.Send(b, "hello");
    b.Send(a, "hello");
    lab.world().RunFor(absl::Milliseconds(500));
  }
}

struct NamedSite {
  const char* name;
  SiteKind kind;
};

// The kinds of RFC 4787 that differ in what a pair of them allows.
std::vector<NamedSite> Sites() {
  constexpr auto kNothing = Depends::kNothing;
  constexpr auto kAddress = Depends::kAddress;
  constexpr auto kPort = Depends::kAddressAndPort;
  SiteKind firewalled;
  firewalled.firewall = kPort;
  return {
      {"Open", {}},
      {"Cone", {.nat = {kNothing, kNothing}}},
      {"Restricted", {.nat = {kNothing, kAddress}}},
      {"Home", {.nat = kEasyNat}},
      {"Symmetric", {.nat = kHardNat}},
      {"Firewall", firewalled},
  };
}

class WhyOfPair
    : public ::testing::TestWithParam<std::tuple<NamedSite, NamedSite>> {};

TEST_P(WhyOfPair, StatesTheCauseThatWasInjected) {
  const auto& [here, there] = GetParam();
  Lab lab(7);
  lab.AddRelay();
  lab.AddRelay();
  SimNode& a = lab.AddNode("alice", lab.network().AddSite(here.kind));
  SimNode& b = lab.AddNode("bob", lab.network().AddSite(there.kind));
  lab.world().RunFor(absl::Seconds(5));
  Talk(lab, a, b, absl::Seconds(12));
  const WhyReady ready = Ask(lab, a, b);
  EXPECT_TRUE(ready.ends->remote.answered);
  const Diagnosis why = DiagnosisOf(ready);
  EXPECT_EQ(why.verdict == Verdict::kDirect, a.IsDirectTo(b));
  const bool hard_a = here.kind.nat == kHardNat;
  const bool hard_b = there.kind.nat == kHardNat;
  const std::string words = Sentence(ready);
  if (why.verdict == Verdict::kDirect) {
    EXPECT_LE(why.cause.cause, Cause::kBothAsked) << words;
  } else if (hard_a && hard_b) {
    EXPECT_EQ(why.cause, (Finding{Cause::kBothHard})) << words;
  } else {
    // The hard one is named; the other is strict, by a NAT or a firewall.
    ASSERT_TRUE(hard_a || hard_b) << words;
    EXPECT_EQ(why.cause.side, hard_a ? WhySide::kLocal : WhySide::kRemote)
        << words;
    const SiteKind& other = hard_a ? there.kind : here.kind;
    EXPECT_EQ(why.cause.cause, other.translates() ? Cause::kHardAndStrict
                                                  : Cause::kHardAndFirewall)
        << words;
  }
}

INSTANTIATE_TEST_SUITE_P(, WhyOfPair,
                         ::testing::Combine(::testing::ValuesIn(Sites()),
                                            ::testing::ValuesIn(Sites())),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param).name) +
                                  "_" + std::get<1>(param.param).name;
                         });

class WhySim : public ::testing::Test {
 protected:
  // alice and bob at such sites, with two relays.
  void Place(const SiteKind& here, const SiteKind& there) {
    relays_ = {&lab_.AddRelay(), &lab_.AddRelay()};
    a_ = &lab_.AddNode("alice", lab_.network().AddSite(here));
    b_ = &lab_.AddNode("bob", lab_.network().AddSite(there));
    lab_.world().RunFor(absl::Seconds(5));
  }
  void Talk(absl::Duration time = absl::Seconds(5)) {
    sim::Talk(lab_, *a_, *b_, time);
  }
  void ExpectCause(const Finding& cause) {
    const WhyReady ready = Ask(lab_, *a_, *b_);
    ASSERT_NE(ready.ends, nullptr);
    EXPECT_EQ(DiagnosisOf(ready).cause, cause) << Sentence(ready);
    // Who asks does not matter.
    const WhyReady back = Ask(lab_, *b_, *a_);
    if (!ready.ends->remote.answered || !back.ends) return;
    EXPECT_EQ(DiagnosisOf(back).cause.cause, cause.cause) << Sentence(back);
  }

  Lab lab_{11};
  std::vector<SimRelay*> relays_;
  SimNode* a_ = nullptr;
  SimNode* b_ = nullptr;
};

TEST_F(WhySim, NamesTheEndThatBlocksUdp) {
  Place({.nat = kEasyNat}, {.nat = kEasyNat, .udp_blocked = true});
  Talk();
  ExpectCause({Cause::kUdpBlocked, WhySide::kRemote});
}

TEST_F(WhySim, NamesBothWhenBothBlockUdp) {
  Place({.nat = kEasyNat, .udp_blocked = true},
        {.nat = kEasyNat, .udp_blocked = true});
  Talk();
  ExpectCause({Cause::kUdpBlocked, WhySide::kBoth});
}

TEST_F(WhySim, TellsOfAHardNatBesideABlockedNetwork) {
  Place({.nat = kEasyNat, .udp_blocked = true}, {.nat = kHardNat});
  Talk();
  const WhyReady ready = Ask(lab_, *a_, *b_);
  const Diagnosis why = DiagnosisOf(ready);
  EXPECT_EQ(why.cause, (Finding{Cause::kUdpBlocked, WhySide::kLocal}));
  EXPECT_THAT(why.details,
              ::testing::Contains(Finding{Cause::kHardNat, WhySide::kRemote}));
}

TEST_F(WhySim, NamesWhatLiesBetweenTwoEasyNats) {
  Place({.nat = kEasyNat}, {.nat = kEasyNat});
  lab_.network().Cut(a_->host(), b_->host(), true);
  Talk(absl::Seconds(14));
  ExpectCause({Cause::kNothingPasses, WhySide::kBoth});
}

TEST_F(WhySim, NamesALanThatKeepsItsStationsApart) {
  lab_.AddRelay();
  a_ = &lab_.AddNode("alice", kEasyNat);
  b_ = &lab_.AddNeighbour("bob", *a_);
  lab_.network().Cut(a_->host(), b_->host(), true);
  lab_.world().RunFor(absl::Seconds(5));
  Talk(absl::Seconds(12));
  ExpectCause({Cause::kIsolatedLan, WhySide::kBoth});
}

TEST_F(WhySim, NamesACarrierThatTurnsNothingBack) {
  lab_.AddRelay();
  Site& carrier = lab_.network().AddSite({.nat = kEasyNat});
  Site& here = lab_.network().AddSite({.nat = kEasyNat}, &carrier);
  Site& there = lab_.network().AddSite({.nat = kEasyNat}, &carrier);
  a_ = &lab_.AddNode("alice", here);
  b_ = &lab_.AddNode("bob", there);
  lab_.world().RunFor(absl::Seconds(5));
  Talk(absl::Seconds(12));
  ExpectCause({Cause::kNoHairpin, WhySide::kBoth});
}

TEST_F(WhySim, TellsWhichEndLacksIpv6) {
  Place({.nat = kHardNat}, {.nat = kHardNat, .v6 = true});
  Talk();
  const Diagnosis why = DiagnosisOf(Ask(lab_, *a_, *b_));
  EXPECT_EQ(why.cause, (Finding{Cause::kBothHard}));
  EXPECT_THAT(why.details,
              ::testing::Contains(Finding{Cause::kNoIpv6, WhySide::kLocal}));
}

TEST_F(WhySim, GivesIpv6ItsDue) {
  Place({.nat = kHardNat, .v6 = true}, {.nat = kHardNat, .v6 = true});
  Talk();
  ExpectCause({Cause::kOverIpv6, WhySide::kBoth});
}

TEST_F(WhySim, TellsThatAPathWasJustLost) {
  Place({.nat = kEasyNat}, {.nat = kEasyNat});
  Talk();
  ASSERT_TRUE(a_->IsDirectTo(*b_));
  lab_.network().Cut(a_->host(), b_->host(), true);
  Talk(absl::Seconds(4));
  ASSERT_FALSE(a_->IsDirectTo(*b_));
  ExpectCause({Cause::kPathLost, WhySide::kBoth});
}

TEST_F(WhySim, LooksForAPathOfAnIdlePairBeforeItAnswers) {
  Place({.nat = kEasyNat}, {.nat = kEasyNat});
  lab_.world().RunFor(absl::Minutes(10));
  ASSERT_FALSE(a_->IsDirectTo(*b_));
  ExpectCause({Cause::kBothEasy, WhySide::kBoth});
  EXPECT_TRUE(a_->IsDirectTo(*b_));
}

TEST_F(WhySim, ShowsItsOwnHalfAfterThreeSecondsWhenThePeerIsSilent) {
  Place({.nat = kEasyNat}, {.nat = kEasyNat});
  Talk(absl::Seconds(2));
  Ask(lab_, *a_, *b_);  // bob has said something of itself
  for (SimRelay* relay : relays_) relay->Restart(absl::Minutes(10));
  lab_.network().Cut(a_->host(), b_->host(), true);
  const Instant asked = lab_.world().now();
  const WhyReady ready = Ask(lab_, *a_, *b_);
  EXPECT_EQ(lab_.world().now() - asked, absl::Seconds(3));
  EXPECT_FALSE(ready.ends->remote.answered);
  EXPECT_FALSE(ready.ends->local.report.events.empty());
  // What it told before is not lost.
  EXPECT_TRUE(ready.ends->remote.native);
  EXPECT_THAT(
      DiagnosisOf(ready).details,
      ::testing::Contains(Finding{Cause::kPeerSilent, WhySide::kRemote}));
}

TEST_F(WhySim, JoinsBothEndsOnOneClock) {
  Place({.nat = kEasyNat}, {.nat = kEasyNat});
  Talk(absl::Seconds(2));
  const WhyReady ready = Ask(lab_, *a_, *b_);
  // alice's first ping that arrived, as both saw it: 10 ms apart.
  const auto first = [](const engine::WhyEnd& end, path::ProbeKind kind) {
    for (const engine::WhyEvent& event : end.report.events) {
      if (event.kind == kind) return event.ago;
    }
    return absl::InfiniteDuration();
  };
  const absl::Duration sent =
      first(ready.ends->local, path::ProbeKind::kCallSent);
  const absl::Duration came =
      first(ready.ends->remote, path::ProbeKind::kCallReceived) +
      ready.joined.ago;
  EXPECT_LE(ready.joined.error, absl::Milliseconds(50));
  EXPECT_GE(sent - came, -ready.joined.error);
  EXPECT_LE(sent - came, absl::Milliseconds(50) + ready.joined.error);
}

TEST_F(WhySim, TellsNobodyOfThirdPeers) {
  Place({.nat = kEasyNat}, {.nat = kEasyNat});
  SimNode& carol = lab_.AddNode("carol", kEasyNat);
  lab_.world().RunFor(absl::Seconds(2));
  sim::Talk(lab_, *b_, carol, absl::Seconds(3));
  const WhyReady ready = Ask(lab_, *a_, *b_);
  const net::IpAddress third = carol.engine().WhyHere().mapped_v4.address();
  for (const engine::WhyEvent& event : ready.ends->remote.report.events) {
    EXPECT_NE(event.endpoint.address(), third);
  }
  for (const auto& candidate : ready.ends->remote.report.candidates) {
    EXPECT_NE(candidate.endpoint.address(), third);
  }
}

}  // namespace
}  // namespace warren::sim
