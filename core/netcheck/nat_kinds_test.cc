// Every kind of NAT (RFC 4787) is told for what it is.

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/netcheck/checker_world.h"
#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

using net::Dependence;
using net::PortAllocation;

// Every kind of NAT, seen by two relays of ours.
struct KindCase {
  Dependence mapping;
  Dependence filtering;
  PortAllocation ports;
  int step;
};

class NatKindTest : public CheckerTest,
                    public ::testing::WithParamInterface<KindCase> {};

TEST_P(NatKindTest, IsTold) {
  const KindCase& c = GetParam();
  Behind({c.mapping, c.filtering, c.ports, c.step, false});
  Add(kNear);
  Add(kFar);
  const Report report = Run();
  ASSERT_TRUE(report.complete);
  EXPECT_EQ(report.nat.translates, true);
  EXPECT_EQ(report.nat.mapping, c.mapping);
  // One relay has one address: who is let in of it shows no more.
  EXPECT_EQ(report.nat.filtering,
            c.filtering == Dependence::kEndpointIndependent
                ? Dependence::kAddressDependent
                : c.filtering);
  EXPECT_EQ(report.nat.ports, c.ports);
  EXPECT_EQ(report.nat.port_step, c.step);
  EXPECT_EQ(report.nat.hairpins, false);
}

std::vector<KindCase> AllKinds() {
  std::vector<KindCase> kinds;
  for (const Dependence mapping :
       {Dependence::kEndpointIndependent, Dependence::kAddressDependent,
        Dependence::kAddressAndPortDependent}) {
    for (const Dependence filtering :
         {Dependence::kEndpointIndependent, Dependence::kAddressDependent,
          Dependence::kAddressAndPortDependent}) {
      for (const int step : {1, 2, -1}) {
        kinds.push_back(
            {mapping, filtering, PortAllocation::kSequential, step});
      }
      kinds.push_back({mapping, filtering, PortAllocation::kRandom, 0});
      if (mapping == Dependence::kEndpointIndependent) {
        kinds.push_back({mapping, filtering, PortAllocation::kPreserving, 0});
      }
    }
  }
  return kinds;
}

std::string NameOf(const KindCase& c) {
  const char* const depends[] = {"Unknown", "Independent", "Address",
                                 "AddressAndPort"};
  const char* const ports[] = {"Unknown", "Preserving", "Sequential", "Random"};
  return absl::StrCat(
      "Maps", depends[static_cast<int>(c.mapping)], "Filters",
      depends[static_cast<int>(c.filtering)], ports[static_cast<int>(c.ports)],
      c.step < 0 ? "Down" : "", c.step == 0 ? "" : absl::StrCat(abs(c.step)));
}

INSTANTIATE_TEST_SUITE_P(, NatKindTest, ::testing::ValuesIn(AllKinds()),
                         [](const auto& param) { return NameOf(param.param); });

}  // namespace
}  // namespace warren::netcheck
