// The table of routers: what each does, and what the mapper makes of it.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/portmap/scripted_lab.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

struct Row {
  const char* name;
  RouterScript script;
  const char* mapped;  // after 4 s
  const char* later;   // after an hour more
  int max_datagrams = 40;
  int max_exchanges = 12;
};
class MapperTable : public ::testing::TestWithParam<Row> {};

TEST_P(MapperTable, ComesToTheRightEndWithFewPackets) {
  Lab lab(GetParam().script);
  lab.Start();
  lab.RunFor(absl::Seconds(4));
  EXPECT_EQ(lab.Mapped(), GetParam().mapped) << lab.mapper.trouble();
  lab.RunFor(absl::Minutes(61));
  EXPECT_EQ(lab.Mapped(), GetParam().later) << lab.mapper.trouble();
  EXPECT_EQ(lab.mapper.trouble().ok(), lab.mapper.mapping().has_value());
  EXPECT_LE(lab.num_datagrams, GetParam().max_datagrams);
  EXPECT_LE(lab.num_exchanges, GetParam().max_exchanges);
}

std::string Bomb() {
  std::string entities = "<!ENTITY a0 \"aaaaaaaaaa\">";
  for (int i = 1; i < 10; ++i) {
    absl::StrAppend(&entities, "<!ENTITY a", i, " \"");
    for (int j = 0; j < 10; ++j) absl::StrAppend(&entities, "&a", i - 1, ";");
    absl::StrAppend(&entities, "\">");
  }
  return absl::StrCat("<!DOCTYPE root [", entities, "]><root>&a9;</root>");
}

INSTANTIATE_TEST_SUITE_P(
    Good, MapperTable,
    ::testing::ValuesIn(std::vector<Row>{
        {"Pcp", {.pcp = true}, kByPcp, kByPcp},
        {"NatPmp", {.nat_pmp = true}, kByNatPmp, kByNatPmp},
        {"Upnp", {.upnp = true}, kByUpnp, kByUpnp},
        {"Igd2", {.upnp = true, .igd2 = true}, kByUpnp, kByUpnp},
        {"AllThree",
         {.pcp = true, .nat_pmp = true, .upnp = true},
         kByPcp,
         kByPcp},
        {"PmpAndUpnp", {.nat_pmp = true, .upnp = true}, kByNatPmp, kByNatPmp},
        {"TwoServicesOneOff", {.upnp = true, .services = 2}, kByUpnp, kByUpnp},
        {"OtherPortByPcp",
         {.pcp = true, .port_shift = 5},
         "PCP 198.51.100.7:41646",
         "PCP 198.51.100.7:41651"},
        {"OtherPortByPmp",
         {.nat_pmp = true, .port_shift = 5},
         "NAT-PMP 198.51.100.7:41646",
         "NAT-PMP 198.51.100.7:41651"},
        {"OtherPortByIgd2",
         {.upnp = true, .port_shift = 5, .igd2 = true},
         "UPnP 198.51.100.7:41646",
         "UPnP 198.51.100.7:41651"},
        {"OnlyPermanentLeases",
         {.upnp = true, .refuses = 725},
         kByUpnp,
         kByUpnp},
        {"InvalidArgumentsUntilPermanent",
         {.upnp = true, .refuses = 402},
         kByUpnp,
         kByUpnp},
        {"DescriptionNamesAnotherHost",
         {.upnp = true, .location_host = "10.66.66.66"},
         kByUpnp,
         kByUpnp},
        {"PcpRefusesSoNatPmp",
         {.pcp = true, .nat_pmp = true, .refuses_once = 2},
         kByNatPmp,
         kByNatPmp},
        {"AnHourWouldBeEnough",
         {.pcp = true, .grants_s = 3600},
         kByPcp,
         kByPcp},
        {"HalfASecondAway",
         {.pcp = true, .delay = absl::Milliseconds(500)},
         kByPcp,
         kByPcp},
    }),
    [](const auto& param) { return std::string(param.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Bad, MapperTable,
    ::testing::ValuesIn(std::vector<Row>{
        {"Silent", {}, "none", "none", 200, 0},
        {"RefusesByPcp", {.pcp = true, .refuses = 2}, "none", "none", 200, 0},
        {"OutOfResourcesByPmp",
         {.nat_pmp = true, .refuses = 4},
         "none",
         "none",
         200,
         0},
        {"RefusesByUpnp",
         {.upnp = true, .refuses = 606},
         "none",
         "none",
         200,
         20},
        {"AlwaysInConflict",
         {.upnp = true, .refuses = 718},
         "none",
         "none",
         200,
         60},
        {"ConflictOnce",  // then a random port, which is seeded
         {.upnp = true, .refuses_once = 718},
         "UPnP 198.51.100.7:62392",
         "UPnP 198.51.100.7:62392"},
        {"TenSecondsSlowByPcp",
         {.pcp = true, .delay = absl::Seconds(10)},
         "none",
         kByPcp,
         100,
         0},
        {"TenSecondsSlowByPmp",
         {.nat_pmp = true, .delay = absl::Seconds(10)},
         "none",
         kByNatPmp,
         100,
         0},
        {"TenSecondsSlowByUpnp",
         {.upnp = true, .delay = absl::Seconds(10)},
         "none",
         "none",
         200,
         40},
        {"LifetimeOfZero", {.pcp = true, .grants_s = 0}, "none", "none", 200},
        {"LifetimeOfZeroByPmp",
         {.nat_pmp = true, .grants_s = 0},
         "none",
         "none",
         200},
        {"LifetimeOfASecond",
         {.nat_pmp = true, .grants_s = 1},
         "none",
         "none",
         200},
        {"LifetimeOfThirtySeconds",
         {.pcp = true, .grants_s = 30},
         kByPcp,
         kByPcp,
         300},
        {"LifetimeOfACentury",
         {.pcp = true, .grants_s = 0xffffffff},
         kByPcp,
         kByPcp},
        {"LeaseOfASecond",
         {.upnp = true, .grants_s = 1},
         "none",
         "none",
         200,
         40},
        {"AnswersFromElsewhere",
         {.pcp = true, .nat_pmp = true, .upnp = true, .other_source = true},
         "none",
         "none",
         200,
         0},
        {"AnswersFromAnotherPort",
         {.pcp = true, .nat_pmp = true, .other_port = true},
         "none",
         "none",
         200,
         0},
        {"AnotherNonce",
         {.pcp = true, .other_nonce = true},
         "none",
         "none",
         200},
        {"Noise",
         {.pcp = true, .nat_pmp = true, .upnp = true, .garbage = true},
         "none",
         "none",
         200,
         0},
        {"SaysYesAndMapsNothing",
         {.upnp = true, .maps_nothing = true},
         "none",
         "none",
         200,
         30},
        {"SaysYesAndMapsForAnother",
         {.upnp = true, .maps_for_other = true},
         "none",
         "none",
         200,
         30},
        {"GarbageXml",
         {.upnp = true, .description = "<root><device></root>"},
         "none",
         "none",
         200,
         10},
        {"TruncatedXml",
         {.upnp = true, .description = "<root><device><serviceList><serv"},
         "none",
         "none",
         200,
         10},
        {"XmlBomb",
         {.upnp = true, .description = Bomb()},
         "none",
         "none",
         200,
         10},
        {"OversizedXml",
         {.upnp = true,
          .description = absl::StrCat("<root>", std::string(1 << 20, ' '),
                                      "</root>")},
         "none",
         "none",
         200,
         10},
        // It has said how long its answers are: what follows is no matter.
        {"HttpThatNeverEnds",
         {.upnp = true, .endless = true},
         kByUpnp,
         kByUpnp},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::portmap
