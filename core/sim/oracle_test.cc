#include "core/sim/oracle.h"

#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

constexpr auto kNothing = Depends::kNothing;
constexpr auto kAddress = Depends::kAddress;
constexpr auto kPort = Depends::kAddressAndPort;

// The kinds that were measured with real Linux routers, and what was: D direct,
// B by birthday probing, R relayed. Not tried then, and possible all the same:
// P, by prediction, where both sides count their ports; and B between two that
// vary, where one filters by address, so that a guess from any port comes in.
struct Row {
  const char* name;
  Place place;
  const char* reaches;  // the kinds in the order of the rows
};

Place Behind(const NatKind& nat) { return {.site = {.nat = nat}}; }
Place BehindCarrier(const NatKind& carrier) {
  Place place = Behind(kEasyNat);
  place.carrier = carrier;
  return place;
}

std::vector<Row> Table() {
  NatKind not_preserving = kEasyNat;
  not_preserving.ports = Ports::kRandom;
  NatKind sequential = kHardNat;
  sequential.ports = Ports::kSequential;
  return {
      {"Open", Behind(kOpen), "DDDDDDDDDDDDDDDR"},
      {"HostFirewall", {.site = {.firewall = kPort}}, "DDDDDDDBBDBBBDBR"},
      {"EimEif", Behind({kNothing, kNothing}), "DDDDDDDDDDDDDDDR"},
      {"EimAdf", Behind({kNothing, kAddress}), "DDDDDDDDDDDDDDDR"},
      {"EimApdf", Behind(kEasyNat), "DDDDDDDBBDBBBDBR"},
      {"EimApdfRandom", Behind(not_preserving), "DDDDDDDBBDBBBDBR"},
      {"AdmEif", Behind({kAddress, kNothing}), "DDDDDDDDDDDDDDDR"},
      {"AdmAdf", Behind({kAddress, kAddress}), "DBDDBBDBBDBBBBBR"},
      {"AdmApdf", Behind({kAddress, kPort}), "DBDDBBDBRDBRRBRR"},
      {"ApdmEif", Behind({kPort, kNothing}), "DDDDDDDDDDDDDDDR"},
      {"ApdmAdf", Behind({kPort, kAddress}), "DBDDBBDBBDBBBBBR"},
      {"ApdmApdf", Behind(kHardNat), "DBDDBBDBRDBRRBRR"},
      {"ApdmSequential", Behind(sequential), "DBDDBBDBRDBRPBRR"},
      {"CarrierEasy", BehindCarrier(kEasyNat), "DDDDDDDBBDBBBDBR"},
      {"CarrierHard", BehindCarrier(kHardNat), "DBDDBBDBRDBRRBRR"},
      {"UdpBlocked", {.site = {.udp_blocked = true}}, "RRRRRRRRRRRRRRRR"},
  };
}

char LetterOf(Reach reach) {
  constexpr std::array<char, 4> kLetters = {'D', 'B', 'P', 'R'};
  return kLetters.at(static_cast<size_t>(reach));
}

TEST(Oracle, AgreesWithWhatWasMeasured) {
  std::vector<Row> table = Table();
  for (const Row& row : table) {
    std::string reaches;
    for (const Row& column : table) {
      Place a = row.place, b = column.place;
      a.site_id = a.carrier_id = 1;
      b.site_id = b.carrier_id = 2;
      EXPECT_EQ(ReachOf(a, b), ReachOf(b, a)) << row.name << column.name;
      reaches += LetterOf(ReachOf(a, b));
    }
    EXPECT_EQ(reaches, row.reaches) << row.name;
  }
}

struct Case {
  const char* name;
  Place a;
  Place b;
  Reach reach;
};
class Situation : public ::testing::TestWithParam<Case> {};

TEST_P(Situation, IsJudged) {
  const Case& c = GetParam();
  EXPECT_EQ(ReachOf(c.a, c.b), c.reach);
  EXPECT_EQ(ReachOf(c.b, c.a), c.reach);
}

std::vector<Case> Situations() {
  const SiteKind hard = {.nat = kHardNat};
  const SiteKind hard_with_v6 = {
      .nat = kHardNat, .v6 = true, .firewall = kPort};
  const SiteKind only_v6 = {.v4 = false, .v6 = true, .firewall = kPort};
  const SiteKind nat64 = {
      .nat = kEasyNat, .v4 = false, .v6 = true, .nat64 = true};
  const SiteKind mapped = {.nat = kHardNat, .mapper = Mapper::kHonest};
  const SiteKind lied_to = {.nat = kHardNat, .mapper = Mapper::kLies};
  NatKind hairpin = kEasyNat;
  hairpin.hairpins = true;
  const auto in = [](const SiteKind& site, int id) { return Place{site, id}; };
  const auto under = [](const NatKind& carrier, int site) {
    return Place{{.nat = kEasyNat}, site, carrier, 1};
  };
  return {
      {"OneLan", in(hard, 1), in(hard, 1), Reach::kDirect},
      {"BothHaveV6", in(hard_with_v6, 1), in(hard_with_v6, 2), Reach::kDirect},
      {"OneHasV6", in(hard_with_v6, 1), in(hard, 2), Reach::kRelayOnly},
      {"NoCommonFamily", in(only_v6, 1), in({}, 2), Reach::kRelayOnly},
      {"Nat64ToEasy", in(nat64, 1), in({.nat = kEasyNat}, 2), Reach::kDirect},
      {"Nat64ToHard", in(nat64, 1), in(hard, 2), Reach::kDirectByBirthday},
      {"Nat64ToV6", in(nat64, 1), in(only_v6, 2), Reach::kDirect},
      {"PortMapping", in(mapped, 1), in(hard, 2), Reach::kDirect},
      {"LyingRouter", in(lied_to, 1), in(hard, 2), Reach::kRelayOnly},
      {"OneCarrier", under(kEasyNat, 1), under(kEasyNat, 2), Reach::kRelayOnly},
      {"CarrierHairpins", under(hairpin, 1), under(hairpin, 2), Reach::kDirect},
      {"CarrierLetsAllIn",
       {hard, 1, NatKind{kPort, kNothing}, 1},
       in({.nat = {kNothing, kAddress}}, 2),
       Reach::kDirect},
      {"CarrierVariesAndLetsAllIn",
       {{.nat = {kNothing, kAddress}}, 1, NatKind{kPort, kNothing}, 1},
       in(hard, 2),
       Reach::kDirect},
      {"HomeLetsAllInButItsCarrierDoesNot",
       {{.nat = {kPort, kNothing}}, 1, kEasyNat, 1},
       in({.nat = kEasyNat}, 2),
       Reach::kDirectByBirthday},
      {"BothCarriersVaryAndLetAllIn",
       {{.nat = kEasyNat}, 1, NatKind{kPort, kNothing}, 1},
       {{.nat = kEasyNat}, 2, NatKind{kPort, kNothing}, 2},
       Reach::kDirectByBirthday},
      // The port mapped is one of the carrier's inside.
      {"PortMappingUnderCarrier",
       {mapped, 1, kEasyNat, 1},
       in(hard, 2),
       Reach::kRelayOnly},
  };
}

INSTANTIATE_TEST_SUITE_P(, Situation, ::testing::ValuesIn(Situations()),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

}  // namespace
}  // namespace warren::sim
