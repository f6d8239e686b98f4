#include "core/netcheck/probe_plan.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::warren::testing::At;

// "7 v4: 0 60", the relay, the family and the milliseconds of its tries.
std::vector<std::string> Texts(const std::vector<ProbeSet>& plan) {
  std::vector<std::string> texts;
  for (const ProbeSet& set : plan) {
    std::string text = absl::StrCat(
        set.relay.value(), set.family == net::Family::kV4 ? " v4:" : " v6:");
    for (const ProbeSet::Try& t : set.tries) {
      absl::StrAppend(&text, " ", absl::ToInt64Milliseconds(t.delay));
    }
    texts.push_back(text);
  }
  return texts;
}

// Relays 1 to `count`, each with one server of both families.
std::vector<Server> Servers(uint16_t count, bool v6 = true) {
  std::vector<Server> servers;
  for (uint16_t i = 1; i <= count; ++i) {
    servers.push_back({RelayId(i), At(absl::StrCat("192.0.2.", i, ":3478"))});
    if (!v6) continue;
    servers.push_back(
        {RelayId(i), At(absl::StrCat("[2001:db8::", i, "]:3478"))});
  }
  return servers;
}

absl::Duration Ms(int64_t n) { return absl::Milliseconds(n); }

TEST(FullPlan, AsksEveryRelayThreeTimesByBothFamilies) {
  EXPECT_THAT(Texts(FullPlan(Servers(2))),
              ElementsAre("1 v4: 0 100 200", "1 v6: 0 100 200",
                          "2 v4: 0 100 200", "2 v6: 0 100 200"));
}

TEST(FullPlan, TakesAnotherServerOfTheRelayForEachTry) {
  const auto plan = FullPlan(
      {{RelayId(1), At("192.0.2.1:1")}, {RelayId(1), At("192.0.2.2:2")}});
  ASSERT_THAT(plan, SizeIs(1));
  EXPECT_THAT(plan[0].tries,
              ElementsAre(ProbeSet::Try{At("192.0.2.1:1"), Ms(0)},
                          ProbeSet::Try{At("192.0.2.2:2"), Ms(100)},
                          ProbeSet::Try{At("192.0.2.1:1"), Ms(200)}));
}

TEST(FullPlan, IsBounded) {
  EXPECT_THAT(FullPlan(Servers(200)), SizeIs(kMaxProbeSets));
}

LastRound Last(RelayId home, bool v6) {
  LastRound last;
  for (uint16_t i = 1; i <= 6; ++i) last.latencies[RelayId(i)] = Ms(10 * i);
  last.home = home;
  last.v4 = true;
  last.v6 = v6;
  return last;
}

TEST(IncrementalPlan, AsksTheThreeFastestAndHome) {
  EXPECT_THAT(
      Texts(IncrementalPlan(Servers(6, false), Last(RelayId(5), false))),
      ElementsAre("1 v4: 0 12", "2 v4: 0 24", "3 v4: 0", "5 v4: 0 60 220 330"));
}

TEST(IncrementalPlan, AsksTheThirdByOneFamilyWhenBothWork) {
  EXPECT_THAT(Texts(IncrementalPlan(Servers(4), Last(RelayId(1), true))),
              ElementsAre("1 v4: 0 12 124 186", "1 v6: 0 12 124 186",
                          "2 v4: 0 24", "2 v6: 0 24", "3 v4: 0"));
}

TEST(IncrementalPlan, TriesV6OnceWhereItDidNotWork) {
  EXPECT_THAT(Texts(IncrementalPlan(Servers(4), Last(RelayId(1), false))),
              ElementsAre("1 v4: 0 12 124 186", "1 v6: 0", "2 v4: 0 24",
                          "2 v6: 0", "3 v4: 0"));
}

TEST(IncrementalPlan, RanksTheUnmeasuredLast) {
  LastRound last = Last(RelayId(), false);
  last.latencies.erase(RelayId(1));
  EXPECT_THAT(Texts(IncrementalPlan(Servers(3, false), last)),
              ElementsAre("2 v4: 0 24", "3 v4: 0 36", "1 v4: 0"));
  EXPECT_THAT(Texts(IncrementalPlan(Servers(1, false), LastRound())),
              ElementsAre("1 v4: 0 200"));
}

TEST(IncrementalPlan, OfNobodyIsEmpty) {
  EXPECT_THAT(IncrementalPlan({}, Last(RelayId(1), true)), IsEmpty());
}

}  // namespace
}  // namespace warren::netcheck
