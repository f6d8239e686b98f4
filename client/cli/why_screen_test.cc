#include "client/cli/why_screen.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/cli/why_json.h"
#include "client/cli/why_timeline.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void Tell(v1::WhyEnd& end, double ago, const char* kind,
          const std::string& endpoint = "", uint32_t count = 0,
          double rtt = 0) {
  v1::PathEvent& event = *end.add_events();
  event.set_ago_seconds(ago);
  event.set_kind(kind);
  event.set_endpoint(endpoint);
  event.set_count(count);
  event.set_rtt_seconds(rtt);
}

void Try(v1::WhyEnd& end, const std::string& endpoint, double ping_ago) {
  v1::PathCandidate& candidate = *end.add_candidates();
  candidate.set_endpoint(endpoint);
  candidate.add_sources("netmap");
  candidate.add_sources("call");
  candidate.set_ping_ago_seconds(ping_ago);
}

void SetEnd(v1::WhyEnd& end, const char* name, const char* address) {
  end.set_name(name);
  end.set_answered(true);
  end.set_native(true);
  v1::WhyNetwork& network = *end.mutable_network();
  network.set_udp("works");
  network.set_mapped_v4(address);
  network.set_nat_text("easy: one port for all");
  network.mutable_nat()->set_translates(true);
  network.mutable_nat()->set_mapping(v1::NatBehavior::ENDPOINT_INDEPENDENT);
  network.mutable_nat()->set_filtering(
      v1::NatBehavior::ADDRESS_AND_PORT_DEPENDENT);
  network.set_port_map("absent");
  network.set_home_relay(900);
  network.set_home_relay_code("fra");
  network.set_relay_connected(true);
  end.mutable_path()->set_kind(v1::Path::RELAYED);
  end.mutable_path()->set_relay_code("fra");
}

v1::WhyReport Relayed() {
  v1::WhyReport report;
  v1::WhyEnd& alice = *report.mutable_local();
  v1::WhyEnd& bob = *report.mutable_remote();
  SetEnd(alice, "alice", "203.0.113.10:41641");
  SetEnd(bob, "bob", "203.0.113.11:20000");
  bob.mutable_network()->set_nat_text("hard: a port for each destination");
  alice.mutable_path()->set_rtt_seconds(0.031);
  Tell(alice, 2.0, "call_sent", "", 3);
  Tell(alice, 1.998, "ping_sent", "203.0.113.11:20000");
  Tell(alice, 1.997, "ping_sent", "192.168.11.100:41641");
  Tell(bob, 1.97, "call_received", "", 3);
  Tell(bob, 1.96, "ping_sent", "203.0.113.10:41641");
  Tell(alice, 1.0, "ping_sent", "203.0.113.11:20000");
  Try(alice, "203.0.113.11:20000", 1.0);
  Try(bob, "203.0.113.10:41641", 1.96);
  report.set_clock_error_seconds(0.0124);
  v1::Diagnosis& diagnosis = *report.mutable_diagnosis();
  diagnosis.set_verdict("relayed");
  diagnosis.mutable_cause()->set_code("hard_and_strict");
  diagnosis.mutable_cause()->set_side("remote");
  diagnosis.mutable_cause()->set_text(
      "bob's NAT takes another port for each destination, and alice's lets in "
      "only the ports that it asked");
  v1::Finding& detail = *diagnosis.add_details();
  detail.set_code("port_map_absent");
  detail.set_side("remote");
  detail.set_text("bob's router speaks neither UPnP, NAT-PMP nor PCP");
  diagnosis.set_remedy("map_port");
  diagnosis.set_remedy_side("remote");
  diagnosis.set_suggestion(
      "enable UPnP or NAT-PMP on bob's router, or forward UDP port 41641 to "
      "192.168.11.100 there");
  return report;
}

TEST(WhyScreen, IsOneScreenThatJoinsBothEnds) {
  EXPECT_EQ(
      WhyScreen(Relayed()),
      "bob is reached by relay fra, 31 ms: bob's NAT takes another port for "
      "each destination, and alice's\n"
      "  lets in only the ports that it asked\n"
      "  also: bob's router speaks neither UPnP, NAT-PMP nor PCP\n"
      "\n"
      "          alice (this device)                bob\n"
      "sends by  relay fra                          relay fra\n"
      "UDP       works, seen as 203.0.113.10:41641  works, seen as "
      "203.0.113.11:20000\n"
      "NAT       easy: one port for all             hard: a port for each "
      "destination\n"
      "lets in   ports it asked                     ports it asked\n"
      "port map  the router speaks none             the router speaks none\n"
      "IPv6      none                               none\n"
      "relay     fra                                fra\n"
      "\n"
      "WHO    TRIES               KNOWN BY      ASKED      ANSWERED  RTT\n"
      "alice  203.0.113.11:20000  netmap, call  1.0 s ago  never\n"
      "bob    203.0.113.10:41641  netmap, call  2.0 s ago  never\n"
      "\n"
      "Since 2.0 s ago; bob's clock is joined to within 13 ms\n"
      "WHEN    WHO    WHAT\n"
      "0 ms    alice  tells bob 3 addresses by relay\n"
      "+2 ms   alice  asks 2 addresses (2 times)\n"
      "+30 ms  bob    learns 3 addresses of alice\n"
      "+40 ms  bob    asks 203.0.113.10:41641\n"
      "\n"
      "To do: enable UPnP or NAT-PMP on bob's router, or forward UDP port "
      "41641 to 192.168.11.100 there\n");
}

TEST(WhyScreen, FitsATerminalWhateverThereIsToTell) {
  v1::WhyReport report = Relayed();
  for (int i = 0; i < 64; ++i) {
    const std::string endpoint =
        "[2001:db8:1111:2222:3333:4444:5555:" + std::to_string(6000 + i) +
        "]:41641";
    for (v1::WhyEnd* end : {report.mutable_local(), report.mutable_remote()}) {
      Tell(*end, 60 - i, "path_taken", endpoint);
      Try(*end, endpoint, 1);
      end->mutable_network()->set_mapped_v6(endpoint);
    }
  }
  const std::string screen = WhyScreen(report);
  const std::vector<std::string> lines = absl::StrSplit(screen, '\n');
  EXPECT_LE(lines.size(), 42u) << screen;
  for (const std::string& line : lines) {
    EXPECT_LE(line.size(), kScreenColumns + 20) << line;
  }
  EXPECT_THAT(screen, HasSubstr("more: `warren why bob --json`"));
}

TEST(WhyScreen, SaysHowADirectWayIsOrThatThereIsNone) {
  v1::WhyReport report = Relayed();
  report.mutable_diagnosis()->set_verdict("direct");
  report.mutable_local()->mutable_path()->set_kind(v1::Path::DIRECT);
  report.mutable_local()->mutable_path()->set_endpoint("203.0.113.11:5");
  EXPECT_THAT(WhyScreen(report),
              HasSubstr("bob is reached directly, at 203.0.113.11:5, 31 ms: "));
  report.mutable_diagnosis()->set_verdict("no_way");
  report.mutable_local()->clear_path();
  EXPECT_THAT(WhyScreen(report), HasSubstr("bob cannot be reached: "));
}

TEST(WhyScreen, ShowsOneEndWhenTheOtherIsSilent) {
  v1::WhyReport report = Relayed();
  report.mutable_remote()->set_answered(false);
  report.mutable_remote()->clear_events();
  const std::string screen = WhyScreen(report);
  EXPECT_THAT(screen, HasSubstr("no answer"));
  EXPECT_THAT(screen, Not(HasSubstr("clock")));
}

TEST(WhyScreen, LetsNoPeerDriveTheTerminal) {
  v1::WhyReport report = Relayed();
  report.mutable_remote()->set_name("b\x1b[2Job");
  EXPECT_THAT(WhyScreen(report), Not(HasSubstr("\x1b")));
}

TEST(Timeline, KeepsTheMostTellingLines) {
  v1::WhyReport report = Relayed();
  Tell(*report.mutable_local(), 0.5, "pong_received", "203.0.113.11:20000", 0,
       0.012);
  Tell(*report.mutable_local(), 0.4, "path_taken", "203.0.113.11:20000");
  const auto rows = TimelineOf(report, 2);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].what, "is answered from 203.0.113.11:20000 after 12 ms");
  EXPECT_EQ(rows[1].what, "sends by 203.0.113.11:20000 from now on");
}

TEST(Timeline, HasWordsForEveryKind) {
  for (const char* kind :
       {"ping_sent", "ping_lost", "pong_received", "ping_received", "call_sent",
        "call_received", "path_taken", "path_doubted", "path_lost",
        "punch_started", "punch_ended", "mtu_found", "link_changed",
        "probes_refused"}) {
    v1::WhyReport report;
    Tell(*report.mutable_local(), 1, kind, "1.2.3.4:5", 7, 0.001);
    const auto rows = TimelineOf(report, 9);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_THAT(rows[0].what, HasSubstr(" ")) << kind;
    EXPECT_THAT(rows[0].what, Not(HasSubstr("_")));
  }
}

TEST(WhyJson, HoldsAllThatIsKnown) {
  const std::string json = WhyToJson(Relayed()).ToString();
  EXPECT_THAT(json, HasSubstr("\"verdict\": \"relayed\""));
  EXPECT_THAT(json, HasSubstr("\"code\": \"hard_and_strict\""));
  EXPECT_THAT(json, HasSubstr("\"remedy_side\": \"remote\""));
  EXPECT_THAT(json, HasSubstr("\"clock_error_ms\": 12.4"));
  EXPECT_THAT(json, HasSubstr("\"filtering\": \"address_and_port_dependent\""));
  EXPECT_THAT(json, HasSubstr("\"hairpins\": null"));
  EXPECT_THAT(json, HasSubstr("\"pong_ago_ms\": null"));
  EXPECT_THAT(json, HasSubstr("\"kind\": \"call_sent\""));
}

TEST(PathsTable, ListsEveryAddressOfEveryPeer) {
  v1::DebugPathsReport report;
  EXPECT_EQ(PathsTable(report), "no addresses to try\n");
  *report.add_peers() = Relayed();
  EXPECT_EQ(PathsTable(report),
            "PEER  TRIES               KNOWN BY      ASKED      ANSWERED  RTT\n"
            "bob   203.0.113.11:20000  netmap, call  1.0 s ago  never\n");
}

}  // namespace
}  // namespace warren::client
