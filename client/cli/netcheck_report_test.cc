#include "client/cli/netcheck_report.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

using v1::NatBehavior;
using v1::NetcheckReport;

// A home network where all is well.
NetcheckReport Fine() {
  NetcheckReport report;
  report.set_udp_v4(true);
  report.set_global_v4("203.0.113.9:41641");
  NatBehavior& nat = *report.mutable_nat();
  nat.set_translates(true);
  nat.set_mapping(NatBehavior::ENDPOINT_INDEPENDENT);
  nat.set_filtering(NatBehavior::ADDRESS_AND_PORT_DEPENDENT);
  nat.set_ports(NatBehavior::PRESERVING);
  nat.set_hairpins(false);
  report.set_captive_portal(false);
  v1::PortMapping& ports = *report.mutable_port_mapping();
  ports.set_nat_pmp(false);
  ports.set_pcp(false);
  ports.set_upnp(true);
  ports.set_external("203.0.113.9:50000");
  report.set_home_relay(900);
  for (const char* code : {"fra", "sin"}) {
    v1::RelayLatency& relay = *report.add_relay_latencies();
    relay.set_relay_code(code);
    relay.set_relay_id(900 + static_cast<uint32_t>(code[0] == 's'));
  }
  report.mutable_relay_latencies(0)->set_seconds(0.0123);
  return report;
}

TEST(NetcheckText, IsOneScreen) {
  EXPECT_EQ(
      NetcheckText(Fine()),
      "UDP:             works over IPv4\n"
      "IPv4:            203.0.113.9:41641\n"
      "IPv6:            -\n"
      "NAT:             easy: the same public port for every destination\n"
      "RFC 4787:        mapping endpoint-independent, filtering "
      "address-and-port-dependent, ports preserving\n"
      "Hairpin:         no\n"
      "Port mapping:    UPnP; 203.0.113.9:50000 is mapped to us\n"
      "Captive portal:  no\n"
      "RELAY  LATENCY\n"
      "fra    12 ms      home\n"
      "sin    no answer\n");
}

TEST(NetcheckText, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(NetcheckText(NetcheckReport()),
            "UDP:             does not get through\n"
            "IPv4:            -\n"
            "IPv6:            -\n"
            "NAT:             unknown\n"
            "Hairpin:         -\n"
            "Port mapping:    -\n"
            "Captive portal:  -\n"
            "this tailnet has no relay\n"
            "Advice: no relay answers at all: is this device online?\n");
}

struct Case {
  const char* name;
  void (*change)(NetcheckReport&);
  const char* nat;
  const char* advice;  // "" for none
};

class NetcheckTextTest : public ::testing::TestWithParam<Case> {};

TEST_P(NetcheckTextTest, AdvisesWhatWouldHelp) {
  NetcheckReport report = Fine();
  report.mutable_port_mapping()->clear_external();
  GetParam().change(report);
  const std::string text = NetcheckText(report);
  EXPECT_THAT(text, HasSubstr(GetParam().nat));
  if (*GetParam().advice == '\0') {
    EXPECT_THAT(text, Not(HasSubstr("Advice")));
  } else {
    EXPECT_THAT(text, HasSubstr(GetParam().advice));
    EXPECT_THAT(text, EndsWith("\n"));
  }
}

void Harden(NetcheckReport& report) {
  NatBehavior& nat = *report.mutable_nat();
  nat.set_mapping(NatBehavior::ADDRESS_AND_PORT_DEPENDENT);
  nat.set_ports(NatBehavior::SEQUENTIAL);
  nat.set_port_step(2);
}

INSTANTIATE_TEST_SUITE_P(
    , NetcheckTextTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"EasyNat", [](NetcheckReport&) {}, "easy: ", ""},
        {"HardNat", Harden, "each destination, in steps of 2\n",
         "turn on NAT-PMP"},
        {"HardNatWithAMappedPort",
         [](NetcheckReport& report) {
           Harden(report);
           report.mutable_port_mapping()->set_external("203.0.113.9:50000");
         },
         "hard: ", ""},
        {"HardNatWithIpv6",
         [](NetcheckReport& report) {
           Harden(report);
           report.set_udp_v6(true);
         },
         "hard: ", ""},
        {"NoNat",
         [](NetcheckReport& report) {
           report.mutable_nat()->set_translates(false);
         },
         "none, but a firewall\n", ""},
        {"NoUdp",
         [](NetcheckReport& report) {
           report.clear_udp_v4();
           report.clear_nat();
         },
         "unknown\n", "let UDP out"},
        {"CaptivePortal",
         [](NetcheckReport& report) {
           report.clear_udp_v4();
           report.set_captive_portal(true);
         },
         "easy", "open any http:// page"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(NetcheckJson, HasEveryKeyWithValues) {
  NetcheckReport report = Fine();
  Harden(report);
  EXPECT_EQ(NetcheckJson(report).ToString(), R"({
  "udp": true,
  "udp_v4": true,
  "udp_v6": false,
  "global_v4": "203.0.113.9:41641",
  "global_v6": null,
  "mapping_varies_by_destination": true,
  "nat": {
    "translates": true,
    "mapping": "address_and_port_dependent",
    "filtering": "address_and_port_dependent",
    "ports": "sequential",
    "port_step": 2,
    "hairpins": false
  },
  "captive_portal": false,
  "port_mapping": {
    "nat_pmp": false,
    "pcp": false,
    "upnp": true,
    "external": "203.0.113.9:50000"
  },
  "home_relay": 900,
  "relays": [
    {
      "id": 900,
      "code": "fra",
      "latency_ms": 12.3,
      "home": true
    },
    {
      "id": 901,
      "code": "sin",
      "latency_ms": null,
      "home": false
    }
  ],
  "advice": null
}
)");
}

TEST(NetcheckJson, HasEveryKeyWithoutValues) {
  const std::string json = NetcheckJson(NetcheckReport()).ToString();
  for (const char* key :
       {"global_v4", "global_v6", "mapping_varies_by_destination", "translates",
        "mapping", "filtering", "ports", "hairpins", "captive_portal",
        "nat_pmp", "pcp", "upnp", "external", "home_relay"}) {
    EXPECT_THAT(json, HasSubstr(std::string("\"") + key + "\": null"));
  }
}

}  // namespace
}  // namespace warren::client
