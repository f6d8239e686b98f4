#include "client/cli/why_json.h"

#include <string>

#include "client/cli/way.h"

namespace warren::client {
namespace {

void SetDependence(cli::Json& json, const char* key,
                   v1::NatBehavior::Dependence dependence) {
  switch (dependence) {
    case v1::NatBehavior::ENDPOINT_INDEPENDENT:
      json.Set(key, "endpoint_independent");
      break;
    case v1::NatBehavior::ADDRESS_DEPENDENT:
      json.Set(key, "address_dependent");
      break;
    case v1::NatBehavior::ADDRESS_AND_PORT_DEPENDENT:
      json.Set(key, "address_and_port_dependent");
      break;
    default:
      json.SetNull(key);
  }
}

void SetAllocation(cli::Json& json, const v1::NatBehavior& nat) {
  switch (nat.ports()) {
    case v1::NatBehavior::PRESERVING:
      json.Set("ports", "preserving");
      break;
    case v1::NatBehavior::SEQUENTIAL:
      json.Set("ports", "sequential");
      break;
    case v1::NatBehavior::RANDOM:
      json.Set("ports", "random");
      break;
    default:
      json.SetNull("ports");
  }
}

void SetText(cli::Json& json, const char* key, const std::string& text) {
  if (text.empty()) {
    json.SetNull(key);
  } else {
    json.Set(key, text);
  }
}

void SetMs(cli::Json& json, const char* key, bool known, double seconds) {
  if (known) {
    json.Set(key, seconds * 1000);
  } else {
    json.SetNull(key);
  }
}

cli::Json FindingToJson(const v1::Finding& finding) {
  cli::Json json = cli::Json::Object();
  json.Set("code", finding.code())
      .Set("side", finding.side())
      .Set("text", finding.text());
  return json;
}

cli::Json NetworkToJson(const v1::WhyNetwork& network) {
  cli::Json endpoints = cli::Json::Array();
  for (const v1::OwnEndpoint& own : network.endpoints()) {
    cli::Json item = cli::Json::Object();
    item.Set("endpoint", own.endpoint()).Set("origin", own.origin());
    endpoints.Add(item);
  }
  cli::Json json = cli::Json::Object();
  json.Set("udp", network.udp()).Set("nat", NatToJson(network.nat()));
  SetText(json, "mapped_v4", network.mapped_v4());
  SetText(json, "mapped_v6", network.mapped_v6());
  json.Set("endpoints", endpoints)
      .Set("udp_port", network.udp_port())
      .Set("port_map", network.port_map());
  SetText(json, "port_mapped", network.port_mapped());
  json.Set("captive_portal", network.captive_portal())
      .Set("home_relay", network.home_relay())
      .Set("home_relay_code", network.home_relay_code())
      .Set("relay_connected", network.relay_connected());
  return json;
}

cli::Json CandidatesToJson(const v1::WhyEnd& end) {
  cli::Json json = cli::Json::Array();
  for (const v1::PathCandidate& candidate : end.candidates()) {
    cli::Json item = cli::Json::Object();
    item.Set("endpoint", candidate.endpoint())
        .Set("sources", cli::Json::Strings({candidate.sources().begin(),
                                            candidate.sources().end()}));
    SetMs(item, "ping_ago_ms", candidate.has_ping_ago_seconds(),
          candidate.ping_ago_seconds());
    SetMs(item, "pong_ago_ms", candidate.has_pong_ago_seconds(),
          candidate.pong_ago_seconds());
    SetMs(item, "rtt_ms", candidate.rtt_seconds() > 0, candidate.rtt_seconds());
    json.Add(item);
  }
  return json;
}

cli::Json EventsToJson(const v1::WhyEnd& end) {
  cli::Json json = cli::Json::Array();
  for (const v1::PathEvent& event : end.events()) {
    cli::Json item = cli::Json::Object();
    item.Set("ago_ms", event.ago_seconds() * 1000).Set("kind", event.kind());
    SetText(item, "endpoint", event.endpoint());
    SetMs(item, "rtt_ms", event.rtt_seconds() > 0, event.rtt_seconds());
    item.Set("count", event.count());
    json.Add(item);
  }
  return json;
}

cli::Json EndToJson(const v1::WhyEnd& end) {
  cli::Json json = cli::Json::Object();
  json.Set("name", end.name())
      .Set("answered", end.answered())
      .Set("native", end.native())
      .Set("online", end.online())
      .Set("network", NetworkToJson(end.network()))
      .Set("path", WayToJson(end.path()))
      .Set("relay", end.relay_id())
      .Set("relay_code", end.relay_code())
      .Set("active", end.active())
      .Set("has_disco_key", end.has_disco_key())
      .Set("has_session", end.has_session());
  if (end.mtu_bytes() > 0) {
    json.Set("mtu_bytes", end.mtu_bytes());
  } else {
    json.SetNull("mtu_bytes");
  }
  json.Set("candidates", CandidatesToJson(end))
      .Set("events", EventsToJson(end));
  return json;
}

}  // namespace

cli::Json NatToJson(const v1::NatBehavior& nat) {
  cli::Json json = cli::Json::Object();
  if (nat.has_translates()) {
    json.Set("translates", nat.translates());
  } else {
    json.SetNull("translates");
  }
  SetDependence(json, "mapping", nat.mapping());
  SetDependence(json, "filtering", nat.filtering());
  SetAllocation(json, nat);
  json.Set("port_step", int64_t{nat.port_step()});
  if (nat.has_hairpins()) {
    json.Set("hairpins", nat.hairpins());
  } else {
    json.SetNull("hairpins");
  }
  return json;
}

const char* NatNameOf(v1::NatClass nat) {
  switch (nat) {
    case v1::NAT_NONE:
      return "none";
    case v1::NAT_EASY:
      return "easy";
    case v1::NAT_HARD:
      return "hard";
    case v1::NAT_NO_UDP:
      return "no_udp";
    default:
      return "unknown";
  }
}

cli::Json WhyToJson(const v1::WhyReport& report) {
  const v1::Diagnosis& diagnosis = report.diagnosis();
  cli::Json details = cli::Json::Array();
  for (const v1::Finding& detail : diagnosis.details()) {
    details.Add(FindingToJson(detail));
  }
  cli::Json json = cli::Json::Object();
  json.Set("verdict", diagnosis.verdict())
      .Set("cause", FindingToJson(diagnosis.cause()))
      .Set("details", details)
      .Set("remedy", diagnosis.remedy())
      .Set("remedy_side", diagnosis.remedy_side())
      .Set("suggestion", diagnosis.suggestion());
  SetMs(json, "clock_error_ms", report.remote().answered(),
        report.clock_error_seconds());
  json.Set("local", EndToJson(report.local()))
      .Set("remote", EndToJson(report.remote()));
  return json;
}

}  // namespace warren::client
