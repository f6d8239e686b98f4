#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/verbs.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"
#include "io/cli/json.h"
#include "io/cli/table.h"

namespace warren::client {
namespace {

cli::Json ToJson(const v1::NetcheckReport& report) {
  cli::Json relays = cli::Json::Array();
  for (const v1::RelayLatency& relay : report.relay_latencies()) {
    cli::Json item = cli::Json::Object();
    item.Set("id", relay.relay_id())
        .Set("code", relay.relay_code())
        .Set("latency_ms", relay.seconds() * 1000);
    relays.Add(item);
  }
  cli::Json json = cli::Json::Object();
  json.Set("udp", report.udp())
      .Set("global_v4", report.global_v4())
      .Set("global_v6", report.global_v6());
  const auto varies = report.mapping_varies_by_destination();
  if (varies == v1::NetcheckReport::UNKNOWN) {
    json.SetNull("mapping_varies_by_destination");
  } else {
    json.Set("mapping_varies_by_destination",
             varies == v1::NetcheckReport::YES);
  }
  json.Set("home_relay", report.home_relay()).Set("relays", relays);
  return json;
}

std::string NatOf(const v1::NetcheckReport& report) {
  switch (report.mapping_varies_by_destination()) {
    case v1::NetcheckReport::NO:
      return "one port for all destinations: easy to reach";
    case v1::NetcheckReport::YES:
      return "another port for each destination: hard to reach";
    default:
      return "unknown";
  }
}

std::string ForPeople(const v1::NetcheckReport& report) {
  cli::Card card;
  card.Add("UDP", report.udp() ? "works" : "does not get through");
  card.Add("IPv4", report.global_v4());
  card.Add("IPv6", report.global_v6());
  card.Add("NAT", NatOf(report));
  cli::Table table({"RELAY", "LATENCY", ""});
  for (const v1::RelayLatency& relay : report.relay_latencies()) {
    table.Add({relay.relay_code(), cli::HumanRtt(relay.seconds()),
               relay.relay_id() == report.home_relay() ? "home" : ""});
  }
  return table.empty() ? card.ToString() + "no relay answered\n"
                       : card.ToString() + table.ToString();
}

}  // namespace

void AddNetcheck(cli::Command root, Session& session) {
  const auto json = std::make_shared<bool>(false);
  cli::Command netcheck =
      root.Add("netcheck", "What this network lets through, and the relays");
  netcheck.Flag("--json", "Print JSON, for scripts", json.get());
  netcheck.Does([&session, json]() -> absl::Status {
    WARREN_ASSIGN_OR_RETURN(
        const v1::NetcheckReport report,
        session.Call(&v1::Local::Stub::Netcheck, v1::NetcheckRequest()));
    Write(*json ? ToJson(report).ToString() : ForPeople(report));
    return absl::OkStatus();
  });
}

}  // namespace warren::client
