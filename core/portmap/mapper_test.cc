#include "core/portmap/mapper.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/portmap/scripted_lab.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

using testing::Ip;

// A kind of router, and the mapping that a test ends with.
struct Kind {
  const char* name;
  RouterScript script;
  const char* mapped;
};

TEST(Mapper, AsksOnlyPrivateIPv4Routers) {
  for (const Gateway& gateway : {
           Gateway{Ip("198.51.100.1"), Ip("198.51.100.2")},
           Gateway{Ip("192.168.1.1"), Ip("198.51.100.2")},
           Gateway{Ip("100.64.0.1"), Ip("100.64.0.2")},
           Gateway{Ip("fe80::1"), Ip("fe80::2")},
           Gateway{Ip("fd00::1"), Ip("fd00::2")},
       }) {
    Lab lab({.pcp = true});
    lab.Do([&] { lab.mapper.SetGateway(lab.now, gateway, kPort); });
    EXPECT_FALSE(lab.mapper.active());
    EXPECT_TRUE(lab.mapper.Next().IsNever());
    EXPECT_EQ(lab.num_datagrams, 0);
  }
}

TEST(Mapper, IsMappedInOneRoundTripEachForSearchAndRequest) {
  Lab lab({.pcp = true, .nat_pmp = true, .upnp = true});
  lab.Start();
  lab.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(lab.Mapped(), kByPcp);
  EXPECT_TRUE(lab.mapper.mapping()->Public());
}

TEST(Mapper, GivesPcpAMomentBeforeNatPmp) {
  Lab lab({.nat_pmp = true});
  lab.Start();
  lab.RunFor(absl::Milliseconds(3));  // it says that it knows no PCP
  EXPECT_EQ(lab.Mapped(), kByNatPmp);
}

TEST(Mapper, TellsWhatTheRouterOffers) {
  Lab lab({.pcp = true, .upnp = true});
  EXPECT_EQ(lab.mapper.services(), Services());
  lab.Start();
  EXPECT_EQ(lab.mapper.services(), Services());
  lab.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(lab.mapper.services().pcp, true);
  EXPECT_EQ(lab.mapper.services().upnp, true);
  lab.RunFor(absl::Seconds(4));
  EXPECT_EQ(lab.mapper.services().nat_pmp, false);
}

TEST(Mapper, RenewsAtHalfLifeWithTheSameNonce) {
  Lab lab({.pcp = true});
  lab.Start();
  lab.RunFor(absl::Minutes(59));
  const int before = lab.num_datagrams;
  const Instant until = lab.mapper.mapping()->valid_until;
  lab.RunFor(absl::Minutes(2));
  // The scripted router refuses another nonce, as RFC 6887 says it may.
  EXPECT_EQ(lab.Mapped(), kByPcp);
  EXPECT_GE(lab.mapper.mapping()->valid_until - until, absl::Hours(1));
  EXPECT_EQ(lab.num_datagrams, before + 1);
}

TEST(Mapper, KeepsAMappingForDaysOfRenewals) {
  for (const RouterScript& script :
       {RouterScript{.pcp = true}, RouterScript{.nat_pmp = true},
        RouterScript{.upnp = true}}) {
    Lab lab(script);
    lab.Start();
    for (int hour = 0; hour < 72; ++hour) {
      lab.RunFor(absl::Hours(1));
      EXPECT_NE(lab.Mapped(), "none") << "hour " << hour;
      EXPECT_GT(lab.mapper.mapping()->valid_until, lab.now);
    }
    EXPECT_LE(lab.num_datagrams + lab.num_exchanges, 72 * 4 + 40);
  }
}

TEST(Mapper, DropsAMappingThatTheRouterNoLongerRenews) {
  Lab lab({.pcp = true});
  lab.Start();
  lab.RunFor(absl::Minutes(30));
  lab.cable = false;
  lab.RunFor(absl::Minutes(80));
  EXPECT_EQ(lab.Mapped(), kByPcp);  // as long as it lasts
  lab.RunFor(absl::Minutes(11));
  EXPECT_EQ(lab.Mapped(), "none");
  lab.cable = true;
  lab.RunFor(absl::Minutes(31));
  lab.Do([&] { lab.mapper.Check(lab.now); });
  lab.RunFor(absl::Seconds(1));
  EXPECT_EQ(lab.Mapped(), kByPcp);
}

TEST(Mapper, SearchesAgainWhenThereIsTrafficButSeldom) {
  Lab lab({});
  lab.Start();
  lab.RunFor(absl::Hours(1));
  const int of_one_search = lab.num_datagrams;
  EXPECT_LE(of_one_search, 4 * 5);
  for (int i = 0; i < 3 * 180; ++i) {
    lab.Do([&] { lab.mapper.Check(lab.now); });
    lab.RunFor(absl::Seconds(20));
  }
  EXPECT_LE(lab.num_datagrams, 14 * of_one_search);
  lab.router.script().pcp = true;
  lab.RunFor(absl::Minutes(30));
  lab.Do([&] { lab.mapper.Check(lab.now); });
  lab.RunFor(absl::Seconds(1));
  EXPECT_EQ(lab.Mapped(), kByPcp);
}

class MapperReboot : public ::testing::TestWithParam<Kind> {};

TEST_P(MapperReboot, MapsAnewAsSoonAsItIsNoticed) {
  Lab lab(GetParam().script);
  lab.Start();
  lab.RunFor(absl::Minutes(10));
  lab.Do([&] { lab.router.Reboot(lab.now); });
  lab.RunFor(absl::Minutes(2));
  EXPECT_TRUE(lab.router.mappings().empty());
  lab.Do([&] { lab.mapper.Check(lab.now); });
  lab.RunFor(absl::Seconds(1));
  EXPECT_EQ(lab.router.mappings().count(kPort), 1u);
  EXPECT_EQ(lab.Mapped(), GetParam().mapped);
}

INSTANTIATE_TEST_SUITE_P(, MapperReboot,
                         ::testing::ValuesIn(std::vector<Kind>{
                             {"Pcp", {.pcp = true}, kByPcp},
                             {"NatPmp", {.nat_pmp = true}, kByNatPmp},
                             {"Upnp", {.upnp = true}, kByUpnp},
                         }),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

TEST(Mapper, LooksEveryFiveSecondsAtMost) {
  Lab lab({.pcp = true});
  lab.Start();
  lab.RunFor(absl::Minutes(10));
  const int before = lab.num_datagrams;
  for (int i = 0; i < 120; ++i) {
    lab.Do([&] { lab.mapper.Check(lab.now); });
    lab.RunFor(absl::Seconds(1));
  }
  EXPECT_EQ(lab.num_datagrams, before + 120 / 5);
}

TEST(Mapper, LooksOnceAMinuteAtMostByUpnp) {
  Lab lab({.upnp = true});
  lab.Start();
  lab.RunFor(absl::Minutes(10));
  const int before = lab.num_exchanges;
  for (int i = 0; i < 120; ++i) {
    lab.Do([&] { lab.mapper.Check(lab.now); });
    lab.RunFor(absl::Seconds(1));
  }
  EXPECT_EQ(lab.num_exchanges, before + 2 * 2);
}

class MapperAddress : public ::testing::TestWithParam<Kind> {};

TEST_P(MapperAddress, FollowsTheRoutersNewAddress) {
  Lab lab(GetParam().script);
  lab.Start();
  lab.RunFor(absl::Minutes(1));
  lab.mapper.OnPublicAddress(lab.now, Ip("198.51.100.7"));
  lab.router.SetExternal(Ip("198.51.100.99"));
  lab.Do([&] { lab.mapper.OnPublicAddress(lab.now, Ip("198.51.100.99")); });
  lab.RunFor(absl::Seconds(1));
  EXPECT_EQ(lab.Mapped(), GetParam().mapped);
}

INSTANTIATE_TEST_SUITE_P(
    , MapperAddress,
    ::testing::ValuesIn(std::vector<Kind>{
        {"Pcp", {.pcp = true}, "PCP 198.51.100.99:41641"},
        {"NatPmp", {.nat_pmp = true}, "NAT-PMP 198.51.100.99:41641"},
        {"Upnp", {.upnp = true}, "UPnP 198.51.100.99:41641"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Mapper, DoesNotRenewForEachAnswerOfALyingStunServer) {
  Lab lab({.pcp = true});
  lab.Start();
  lab.RunFor(absl::Minutes(1));
  const int before = lab.num_datagrams;
  for (uint32_t i = 0; i < 600; ++i) {
    lab.Do([&] {
      lab.mapper.OnPublicAddress(lab.now, net::IpAddress::V4(0xc6336400 + i));
    });
    lab.RunFor(absl::Milliseconds(100));
  }
  EXPECT_LE(lab.num_datagrams - before, 7);
}

TEST(Mapper, SaysThatAPrivateAddressIsNotPublic) {
  for (const char* address : {"10.1.2.3", "100.64.9.9", "169.254.1.1"}) {
    Lab lab({.pcp = true});
    lab.router.SetExternal(Ip(address));
    lab.Start();
    lab.RunFor(absl::Seconds(1));
    EXPECT_EQ(lab.Mapped(), absl::StrCat("PCP ", address, ":41641"));
    EXPECT_FALSE(lab.mapper.mapping()->Public());
  }
}

TEST(Mapper, RefusesAnAddressThatIsNone) {
  for (const RouterScript& script :
       {RouterScript{.pcp = true}, RouterScript{.nat_pmp = true},
        RouterScript{.upnp = true}}) {
    Lab lab(script);
    lab.router.SetExternal(Ip("0.0.0.0"));
    lab.Start();
    lab.RunFor(absl::Minutes(10));
    EXPECT_EQ(lab.Mapped(), "none");
  }
}

class MapperRelease : public ::testing::TestWithParam<Kind> {};

TEST_P(MapperRelease, EndsTheMappingAtOnce) {
  Lab lab(GetParam().script);
  lab.Start();
  lab.RunFor(absl::Seconds(5));
  ASSERT_EQ(lab.router.mappings().size(), 1u);
  lab.Do([&] { lab.mapper.Release(lab.now); });
  EXPECT_EQ(lab.last_datagrams.size() + lab.last_exchanges.size(), 1u);
  EXPECT_TRUE(lab.router.mappings().empty());
  EXPECT_FALSE(lab.mapper.mapping());
  EXPECT_FALSE(lab.mapper.active());
  EXPECT_TRUE(lab.mapper.Next().IsNever());
  lab.RunFor(absl::Minutes(1));  // the answer finds nobody
  EXPECT_EQ(lab.Mapped(), "none");
}

INSTANTIATE_TEST_SUITE_P(, MapperRelease,
                         ::testing::ValuesIn(std::vector<Kind>{
                             {"Pcp", {.pcp = true}, ""},
                             {"NatPmp", {.nat_pmp = true}, ""},
                             {"Upnp", {.upnp = true}, ""},
                             {"UpnpOfAnotherPort",
                              {.upnp = true, .port_shift = 3, .igd2 = true},
                              ""},
                         }),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

TEST(Mapper, LeavesOthersMappingsAlone) {
  Lab lab({.upnp = true, .maps_for_other = true});
  lab.Start();
  lab.RunFor(absl::Minutes(1));
  lab.Do([&] { lab.mapper.Release(lab.now); });
  for (const std::string& request : lab.last_exchanges) {
    EXPECT_FALSE(absl::StrContains(request, "DeletePortMapping"));
  }
}

TEST(Mapper, MovesWithThePortAndTheNetwork) {
  Lab lab({.pcp = true});
  lab.Start();
  lab.RunFor(absl::Seconds(1));
  const int before = lab.num_datagrams;
  lab.Start();  // nothing new
  EXPECT_EQ(lab.num_datagrams, before);
  lab.Do([&] { lab.mapper.SetGateway(lab.now, kGateway, 5555); });
  EXPECT_EQ(lab.Mapped(), "none");
  lab.RunFor(absl::Seconds(1));
  EXPECT_EQ(lab.Mapped(), "PCP 198.51.100.7:5555");
  EXPECT_EQ(lab.router.mappings().count(kPort), 0u);
}

TEST(Mapper, GivesUpOnAnExchangeThatTheDriverForgets) {
  Lab lab({.upnp = true});
  lab.Do([&] { lab.mapper.SetGateway(lab.now, kGateway, kPort); });
  const auto searched = lab.router.OnDatagram(
      lab.now, BuildSearches(ScriptedRouter::Address())[0]);
  lab.cable = false;
  lab.now += absl::Seconds(1);
  lab.mapper.OnTimeout(lab.now);
  lab.mapper.OnDatagram(lab.now, searched[0].from, searched[0].bytes);
  ASSERT_TRUE(lab.mapper.PollExchange());  // and that is all of it
  lab.now += absl::Seconds(20);
  lab.mapper.OnTimeout(lab.now);
  EXPECT_EQ(lab.mapper.trouble().message(),
            "the router's UPnP does not answer");
}

TEST(Mapper, IgnoresAnswersToNothing) {
  Lab lab({});
  const std::vector<uint8_t> pmp = {0, 0x81, 0, 0, 0,    0,    0, 1,
                                    0, 7,    0, 7, 0x00, 0x00, 9, 9};
  const net::Endpoint from = {ScriptedRouter::Address(), kPortControlPort};
  EXPECT_FALSE(lab.mapper.OnDatagram(lab.now, from, pmp));
  lab.mapper.OnExchange(lab.now, kFirstExchangeId, "HTTP/1.1 200 OK\r\n\r\n");
  lab.Start();
  EXPECT_FALSE(lab.mapper.OnDatagram(lab.now, from, pmp));  // of another port
  lab.mapper.OnExchange(lab.now, 7, "HTTP/1.1 200 OK\r\n\r\n");
  lab.RunFor(absl::Seconds(10));
  EXPECT_EQ(lab.Mapped(), "none");
}

}  // namespace
}  // namespace warren::portmap
