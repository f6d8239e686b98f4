#include "client/cli/netcheck_report.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/why_json.h"
#include "io/cli/human.h"
#include "io/cli/table.h"

namespace warren::client {
namespace {

using v1::NatBehavior;
using v1::NetcheckReport;

// "" for unknown.
std::string TermOf(NatBehavior::Dependence dependence) {
  switch (dependence) {
    case NatBehavior::ENDPOINT_INDEPENDENT:
      return "endpoint-independent";
    case NatBehavior::ADDRESS_DEPENDENT:
      return "address-dependent";
    case NatBehavior::ADDRESS_AND_PORT_DEPENDENT:
      return "address-and-port-dependent";
    default:
      return "";
  }
}

std::string TermOf(NatBehavior::Allocation ports) {
  switch (ports) {
    case NatBehavior::PRESERVING:
      return "preserving";
    case NatBehavior::SEQUENTIAL:
      return "sequential";
    case NatBehavior::RANDOM:
      return "random";
    default:
      return "";
  }
}

bool IsHard(const NatBehavior& nat) {
  return nat.mapping() == NatBehavior::ADDRESS_DEPENDENT ||
         nat.mapping() == NatBehavior::ADDRESS_AND_PORT_DEPENDENT;
}

bool IsEasy(const NatBehavior& nat) {
  return nat.mapping() == NatBehavior::ENDPOINT_INDEPENDENT;
}

bool NoNat(const NatBehavior& nat) {
  return nat.has_translates() && !nat.translates();
}

std::string NatText(const NatBehavior& nat) {
  if (NoNat(nat)) {
    return nat.filtering() == NatBehavior::ADDRESS_AND_PORT_DEPENDENT
               ? "none, but a firewall"
               : "none";
  }
  if (IsEasy(nat)) return "easy: the same public port for every destination";
  if (!IsHard(nat)) return "unknown";
  std::string text = "hard: another public port for each destination";
  if (nat.ports() == NatBehavior::SEQUENTIAL) {
    absl::StrAppend(&text, ", in steps of ", nat.port_step());
  } else if (nat.ports() == NatBehavior::RANDOM) {
    absl::StrAppend(&text, ", at random");
  }
  return text;
}

// In the terms of RFC 4787; "" where nothing is known.
std::string NatTerms(const NatBehavior& nat) {
  std::vector<std::string> terms;
  const auto add = [&terms](const char* what, const std::string& term) {
    if (!term.empty()) terms.push_back(absl::StrCat(what, " ", term));
  };
  if (!NoNat(nat)) {
    add("mapping", TermOf(nat.mapping()));
  }
  std::string filtering = TermOf(nat.filtering());
  if (nat.filtering() == NatBehavior::ADDRESS_DEPENDENT) {
    filtering += " or looser";
  }
  add("filtering", filtering);
  add("ports", TermOf(nat.ports()));
  return absl::StrJoin(terms, ", ");
}

// "" for unknown, as for each of these.
std::string YesNo(bool known, bool yes) {
  return !known ? "" : yes ? "yes" : "no";
}

std::string UdpText(const NetcheckReport& report) {
  if (report.udp_v4() && report.udp_v6()) return "works over IPv4 and IPv6";
  if (report.udp_v4()) return "works over IPv4";
  if (report.udp_v6()) return "works over IPv6";
  return "does not get through";
}

std::string PortMappingText(const v1::PortMapping& ports) {
  std::vector<std::string> found;
  if (ports.nat_pmp()) found.push_back("NAT-PMP");
  if (ports.pcp()) found.push_back("PCP");
  if (ports.upnp()) found.push_back("UPnP");
  if (found.empty()) {
    const bool known =
        ports.has_nat_pmp() && ports.has_pcp() && ports.has_upnp();
    return known ? "none offered by the router" : "";
  }
  std::string text = absl::StrJoin(found, ", ");
  if (ports.external().empty()) return text;
  return absl::StrCat(text, "; ", ports.external(), " is mapped to us");
}

bool AnyRelay(const NetcheckReport& report) {
  for (const v1::RelayLatency& relay : report.relay_latencies()) {
    if (relay.seconds() > 0) return true;
  }
  return false;
}

// What would help most; "" when all is well.
std::string AdviceOn(const NetcheckReport& report) {
  if (report.captive_portal()) {
    return "this network wants you to sign in: open any http:// page in a "
           "browser";
  }
  if (!report.udp_v4() && !report.udp_v6()) {
    return AnyRelay(report)
               ? "all traffic is relayed: let UDP out in the firewall of this "
                 "network to get direct paths"
               : "no relay answers at all: is this device online?";
  }
  const bool mapped = !report.port_mapping().external().empty();
  if (IsHard(report.nat()) && !mapped && !report.udp_v6()) {
    return "peers behind a hard NAT, too, may be relayed: turn on NAT-PMP, "
           "PCP or UPnP in the router, forward a UDP port to this device, or "
           "get IPv6";
  }
  return "";
}

void SetText(cli::Json& json, const char* key, const std::string& text) {
  text.empty() ? json.SetNull(key) : json.Set(key, text);
}

void SetKnown(cli::Json& json, const char* key, bool known, bool value) {
  known ? json.Set(key, value) : json.SetNull(key);
}

cli::Json PortMappingJson(const v1::PortMapping& ports) {
  cli::Json json = cli::Json::Object();
  SetKnown(json, "nat_pmp", ports.has_nat_pmp(), ports.nat_pmp());
  SetKnown(json, "pcp", ports.has_pcp(), ports.pcp());
  SetKnown(json, "upnp", ports.has_upnp(), ports.upnp());
  SetText(json, "external", ports.external());
  return json;
}

cli::Json RelaysJson(const NetcheckReport& report) {
  cli::Json relays = cli::Json::Array();
  for (const v1::RelayLatency& relay : report.relay_latencies()) {
    cli::Json item = cli::Json::Object();
    item.Set("id", relay.relay_id()).Set("code", relay.relay_code());
    if (relay.seconds() > 0) {
      item.Set("latency_ms", relay.seconds() * 1000);
    } else {
      item.SetNull("latency_ms");
    }
    item.Set("home", relay.relay_id() == report.home_relay());
    relays.Add(item);
  }
  return relays;
}

}  // namespace

std::string NetcheckText(const NetcheckReport& report) {
  cli::Card card;
  card.Add("UDP", UdpText(report));
  card.Add("IPv4", report.global_v4());
  card.Add("IPv6", report.global_v6());
  card.Add("NAT", NatText(report.nat()));
  const std::string terms = NatTerms(report.nat());
  if (!terms.empty()) card.Add("RFC 4787", terms);
  if (!NoNat(report.nat())) {
    card.Add("Hairpin",
             YesNo(report.nat().has_hairpins(), report.nat().hairpins()));
  }
  card.Add("Port mapping", PortMappingText(report.port_mapping()));
  card.Add("Captive portal",
           YesNo(report.has_captive_portal(), report.captive_portal()));
  std::string text = card.ToString();
  cli::Table table({"RELAY", "LATENCY", ""});
  for (const v1::RelayLatency& relay : report.relay_latencies()) {
    table.Add(
        {relay.relay_code(),
         relay.seconds() > 0 ? cli::HumanRtt(relay.seconds()) : "no answer",
         relay.relay_id() == report.home_relay() ? "home" : ""});
  }
  text += table.empty() ? "this tailnet has no relay\n" : table.ToString();
  const std::string advice = AdviceOn(report);
  if (!advice.empty()) absl::StrAppend(&text, "Advice: ", advice, "\n");
  return text;
}

cli::Json NetcheckJson(const NetcheckReport& report) {
  cli::Json json = cli::Json::Object();
  json.Set("udp", report.udp_v4() || report.udp_v6())
      .Set("udp_v4", report.udp_v4())
      .Set("udp_v6", report.udp_v6());
  SetText(json, "global_v4", report.global_v4());
  SetText(json, "global_v6", report.global_v6());
  const bool hard = IsHard(report.nat());
  if (hard || IsEasy(report.nat())) {
    json.Set("mapping_varies_by_destination", hard);
  } else {
    json.SetNull("mapping_varies_by_destination");
  }
  json.Set("nat", NatToJson(report.nat()));
  SetKnown(json, "captive_portal", report.has_captive_portal(),
           report.captive_portal());
  json.Set("port_mapping", PortMappingJson(report.port_mapping()));
  if (report.home_relay() == 0) {
    json.SetNull("home_relay");
  } else {
    json.Set("home_relay", report.home_relay());
  }
  json.Set("relays", RelaysJson(report));
  SetText(json, "advice", AdviceOn(report));
  return json;
}

}  // namespace warren::client
