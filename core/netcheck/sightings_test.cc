#include "core/netcheck/sightings.h"

#include <string>

#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

using ::testing::ElementsAre;
using ::warren::testing::At;
using ::warren::testing::Ip;

constexpr auto kUnknown = net::Dependence::kUnknown;
constexpr auto kIndependent = net::Dependence::kEndpointIndependent;
constexpr auto kAddress = net::Dependence::kAddressDependent;
constexpr auto kAddressAndPort = net::Dependence::kAddressAndPortDependent;

struct Told {
  const char* server;
  const char* seen;
};

// The honest ones see 203.0.113.5; servers are at 198.51.100.*.
struct MappingCase {
  const char* name;
  std::vector<Told> told;
  const char* known;  // null: nothing
  const char* want_mapped;
  net::Dependence want;
};

class JudgeMappingTest : public ::testing::TestWithParam<MappingCase> {};

TEST_P(JudgeMappingTest, BelievesTheMajority) {
  const MappingCase& c = GetParam();
  std::vector<Sighting> sightings;
  for (const Told& told : c.told) {
    sightings.push_back({At(told.server), At(told.seen), sightings.size()});
  }
  std::optional<net::Endpoint> known;
  if (c.known != nullptr) known = At(c.known);
  const MappingVerdict verdict = JudgeMapping(sightings, known);
  ASSERT_TRUE(verdict.mapped);
  EXPECT_EQ(*verdict.mapped, At(c.want_mapped));
  EXPECT_EQ(verdict.mapping, c.want);
}

INSTANTIATE_TEST_SUITE_P(, JudgeMappingTest,
                         ::testing::ValuesIn(std::vector<MappingCase>{
                             {"OneStockServer",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kUnknown},
                             {"OneServerTwoPortsAlike",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"},
                               {"198.51.100.1:3479", "203.0.113.5:1000"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kIndependent},
                             {"OneServerTwoPortsUnlike",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"},
                               {"198.51.100.1:3479", "203.0.113.5:1001"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kAddressAndPort},
                             {"TwoServersAlike",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"},
                               {"198.51.100.2:3478", "203.0.113.5:1000"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kIndependent},
                             {"TwoServersUnlikeEachAlikeInItself",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"},
                               {"198.51.100.2:3478", "203.0.113.5:1001"},
                               {"198.51.100.1:3479", "203.0.113.5:1000"},
                               {"198.51.100.2:3479", "203.0.113.5:1001"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kAddress},
                             {"EachMappingAnother",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"},
                               {"198.51.100.2:3478", "203.0.113.5:1001"},
                               {"198.51.100.1:3479", "203.0.113.5:1002"},
                               {"198.51.100.2:3479", "203.0.113.5:1003"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kAddressAndPort},
                             {"TwoStockServersUnlike",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"},
                               {"198.51.100.2:3478", "203.0.113.5:1001"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kAddressAndPort},
                             {"AFastLiarIsOutvoted",
                              {{"198.51.100.1:3478", "192.0.2.66:6"},
                               {"198.51.100.2:3478", "203.0.113.5:1000"},
                               {"198.51.100.3:3478", "203.0.113.5:1000"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kIndependent},
                             {"ALateLiarIsOutvoted",
                              {{"198.51.100.2:3478", "203.0.113.5:1000"},
                               {"198.51.100.3:3478", "203.0.113.5:1000"},
                               {"198.51.100.1:3478", "192.0.2.66:6"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kIndependent},
                             {"ALiarHasOneVoiceFromAllOfItsPorts",
                              {{"198.51.100.1:3478", "192.0.2.66:6"},
                               {"198.51.100.1:3479", "192.0.2.66:6"},
                               {"198.51.100.1:3480", "192.0.2.66:7"},
                               {"198.51.100.2:3478", "203.0.113.5:1000"},
                               {"198.51.100.3:3478", "203.0.113.5:1000"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kIndependent},
                             {"ALiarAboutThePortMakesNoHardNat",
                              {{"198.51.100.1:3478", "203.0.113.5:6"},
                               {"198.51.100.2:3478", "203.0.113.5:1000"},
                               {"198.51.100.3:3478", "203.0.113.5:1000"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kIndependent},
                             {"ALiarMakesNoEasyNat",
                              {{"198.51.100.1:3478", "203.0.113.5:1000"},
                               {"198.51.100.1:3479", "203.0.113.5:1000"},
                               {"198.51.100.2:3478", "203.0.113.5:1001"},
                               {"198.51.100.2:3479", "203.0.113.5:1002"},
                               {"198.51.100.3:3478", "203.0.113.5:1003"},
                               {"198.51.100.3:3479", "203.0.113.5:1004"}},
                              nullptr,
                              "203.0.113.5:1000",
                              kAddressAndPort},
                             {"OneAgainstOneTheKnownAddressStays",
                              {{"198.51.100.1:3478", "192.0.2.66:6"},
                               {"198.51.100.2:3478", "203.0.113.5:1000"}},
                              "203.0.113.5:1000",
                              "203.0.113.5:1000",
                              kAddressAndPort},
                             {"ARebindingIsBelievedOfOneServer",
                              {{"198.51.100.1:3478", "203.0.113.5:2000"}},
                              "203.0.113.5:1000",
                              "203.0.113.5:2000",
                              kUnknown},
                         }),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

TEST(JudgeMapping, TellsAnUplinkThatTwoServersSaw) {
  std::vector<Sighting> sightings;
  for (const char* seen : {"203.0.113.5:1", "192.0.2.7:2", "203.0.113.5:1",
                           "192.0.2.7:2", "203.0.113.5:1", "192.0.2.66:6"}) {
    const auto n = static_cast<uint32_t>(sightings.size());
    sightings.push_back(
        {{net::IpAddress::V4(0xc6336401 + n), 3478}, At(seen), n});
  }
  const MappingVerdict verdict = JudgeMapping(sightings, std::nullopt);
  EXPECT_EQ(verdict.mapped, At("203.0.113.5:1"));
  EXPECT_THAT(verdict.others, ElementsAre(At("192.0.2.7:2")));
}

TEST(JudgeMapping, SaysNothingWithoutSightings) {
  EXPECT_FALSE(JudgeMapping({}, At("203.0.113.5:1")).mapped);
}

struct PlausibleCase {
  const char* name;
  const char* seen;
  const char* server;
  bool want;
};

class CouldBeOursTest : public ::testing::TestWithParam<PlausibleCase> {};

TEST_P(CouldBeOursTest, Judges) {
  const PlausibleCase& c = GetParam();
  const std::vector<net::IpAddress> own = {Ip("192.168.1.2"), Ip("fd00::2")};
  EXPECT_EQ(CouldBeOurs(At(c.seen), At(c.server), own), c.want);
}

INSTANTIATE_TEST_SUITE_P(
    , CouldBeOursTest,
    ::testing::ValuesIn(std::vector<PlausibleCase>{
        {"Public", "203.0.113.5:1", "198.51.100.1:3478", true},
        {"PublicV6", "[2001:db8::5]:1", "[2001:db8::1]:3478", true},
        {"PortZero", "203.0.113.5:0", "198.51.100.1:3478", false},
        {"Loopback", "127.0.0.1:1", "198.51.100.1:3478", false},
        {"LoopbackV6", "[::1]:1", "[2001:db8::1]:3478", false},
        {"Multicast", "224.0.0.1:1", "198.51.100.1:3478", false},
        {"Unspecified", "0.0.0.0:1", "198.51.100.1:3478", false},
        {"LinkLocal", "169.254.1.1:1", "198.51.100.1:3478", false},
        {"Tailnet", "100.64.0.9:1", "198.51.100.1:3478", false},
        {"PrivateSeenByPublic", "10.0.0.1:1", "198.51.100.1:3478", false},
        {"PrivateV6SeenByPublic", "[fd00::1]:1", "[2001:db8::1]:3478", false},
        {"OwnPrivateSeenByPublic", "192.168.1.2:1", "198.51.100.1:3478", true},
        {"PrivateSeenInside", "10.0.0.1:1", "10.0.0.9:3478", true},
    }),
    [](const auto& param) { return std::string(param.param.name); });

struct PortCase {
  const char* name;
  std::vector<uint16_t> ports;
  net::PortAllocation want;
  int step;
};

class JudgePortsTest : public ::testing::TestWithParam<PortCase> {};

TEST_P(JudgePortsTest, FindsThePattern) {
  const PortVerdict verdict = JudgePorts(GetParam().ports);
  EXPECT_EQ(verdict.allocation, GetParam().want);
  EXPECT_EQ(verdict.step, GetParam().step);
}

constexpr auto kSequential = net::PortAllocation::kSequential;
constexpr auto kRandom = net::PortAllocation::kRandom;

INSTANTIATE_TEST_SUITE_P(
    , JudgePortsTest,
    ::testing::ValuesIn(std::vector<PortCase>{
        {"None", {}, net::PortAllocation::kUnknown, 0},
        {"TwoCouldBeChance", {1, 2}, net::PortAllocation::kUnknown, 0},
        {"ByOne", {2000, 2001, 2002, 2003}, kSequential, 1},
        {"ByTwo", {2000, 2002, 2004, 2006}, kSequential, 2},
        {"Downward", {2003, 2002, 2001}, kSequential, -1},
        {"OneOfOthersBetween", {2000, 2001, 2003, 2004}, kSequential, 1},
        {"ManyOfOthersBetween", {2000, 2003, 2004, 2009}, kSequential, 1},
        {"AroundTheEnd", {65534, 65535, 1024, 1025}, kSequential, 1},
        {"Random", {52011, 1873, 40012, 60123}, kRandom, 0},
        {"RandomThatRises", {1024, 5000, 30000, 60123}, kRandom, 0},
        {"LargeEqualSteps", {10000, 11000, 12000, 13000}, kRandom, 0},
        {"TheSameTwice", {2000, 2000, 2000}, kRandom, 0},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::netcheck
