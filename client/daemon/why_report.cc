#include "client/daemon/why_report.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client/daemon/status_report.h"

namespace warren::client {
namespace {

using engine::EndpointOrigin;
using engine::PortMapState;
using engine::UdpState;
using engine::WhyCandidate;
using path::ProbeKind;

const char* CodeOf(UdpState udp) {
  switch (udp) {
    case UdpState::kUnknown:
      return "unknown";
    case UdpState::kWorks:
      return "works";
    case UdpState::kBlocked:
      return "blocked";
  }
  return "?";
}

const char* CodeOf(PortMapState state) {
  switch (state) {
    case PortMapState::kUnknown:
      return "unknown";
    case PortMapState::kAbsent:
      return "absent";
    case PortMapState::kFailed:
      return "failed";
    case PortMapState::kMapped:
      return "mapped";
  }
  return "?";
}

const char* CodeOf(EndpointOrigin origin) {
  switch (origin) {
    case EndpointOrigin::kInterface:
      return "interface";
    case EndpointOrigin::kStun:
      return "stun";
    case EndpointOrigin::kPortMapped:
      return "port_mapped";
    case EndpointOrigin::kGuessed:
      return "guessed";
  }
  return "?";
}

const char* CodeOf(engine::WhySide side) {
  switch (side) {
    case engine::WhySide::kLocal:
      return "local";
    case engine::WhySide::kRemote:
      return "remote";
    case engine::WhySide::kBoth:
      return "both";
  }
  return "?";
}

const char* CodeOf(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::kPingSent:
      return "ping_sent";
    case ProbeKind::kPongReceived:
      return "pong_received";
    case ProbeKind::kPingLost:
      return "ping_lost";
    case ProbeKind::kPingReceived:
      return "ping_received";
    case ProbeKind::kCallSent:
      return "call_sent";
    case ProbeKind::kCallReceived:
      return "call_received";
    case ProbeKind::kPathTaken:
      return "path_taken";
    case ProbeKind::kPathDoubted:
      return "path_doubted";
    case ProbeKind::kPathLost:
      return "path_lost";
    case ProbeKind::kPunchStarted:
      return "punch_started";
    case ProbeKind::kPunchEnded:
      return "punch_ended";
    case ProbeKind::kMtuFound:
      return "mtu_found";
    case ProbeKind::kLinkChanged:
      return "link_changed";
    case ProbeKind::kProbesRefused:
      return "probes_refused";
  }
  return "unknown";
}

// What the ends and the netmap are turned into.
struct Converter {
  const netmap::Netmap* netmap;
  absl::Duration shift;  // added to the ages of an end

  std::string Text(const net::Endpoint& endpoint) const {
    if (!endpoint.IsSet()) return "";
    if (!endpoint.IsRelay()) return endpoint.ToString();
    const std::string code = RelayCode(endpoint.relay(), netmap);
    return code.empty() ? endpoint.ToString() : absl::StrCat("relay ", code);
  }
  double Age(absl::Duration ago) const {
    return absl::ToDoubleSeconds(ago + shift);
  }

  v1::WhyNetwork Network(const engine::WhyNetwork& network) const;
  v1::PathCandidate Candidate(const WhyCandidate& candidate) const;
  v1::PathEvent Event(const engine::WhyEvent& event) const;
  v1::WhyEnd End(const engine::WhyEnd& end) const;
};

v1::WhyNetwork Converter::Network(const engine::WhyNetwork& network) const {
  v1::WhyNetwork out;
  out.set_udp(CodeOf(network.udp));
  *out.mutable_nat() = NatOf(network.nat);
  out.set_nat_text(NatTextOf(network));
  out.set_mapped_v4(Text(network.mapped_v4));
  out.set_mapped_v6(Text(network.mapped_v6));
  for (const engine::OwnEndpoint& own : network.endpoints) {
    v1::OwnEndpoint& added = *out.add_endpoints();
    added.set_endpoint(Text(own.endpoint));
    added.set_origin(CodeOf(own.origin));
  }
  out.set_udp_port(network.udp_port);
  out.set_port_map(CodeOf(network.port_map));
  out.set_port_mapped(Text(network.port_mapped));
  out.set_captive_portal(network.captive_portal);
  out.set_home_relay(network.home_relay.value());
  out.set_home_relay_code(RelayCode(network.home_relay, netmap));
  out.set_relay_connected(network.relay_connected);
  return out;
}

v1::PathCandidate Converter::Candidate(const WhyCandidate& candidate) const {
  v1::PathCandidate out;
  out.set_endpoint(Text(candidate.endpoint));
  const auto add = [&](uint8_t source, const char* name) {
    if ((candidate.sources & source) != 0) out.add_sources(name);
  };
  add(WhyCandidate::kFromNetmap, "netmap");
  add(WhyCandidate::kFromCall, "call");
  add(WhyCandidate::kObserved, "observed");
  if (candidate.ping_ago) out.set_ping_ago_seconds(Age(*candidate.ping_ago));
  if (candidate.pong_ago) out.set_pong_ago_seconds(Age(*candidate.pong_ago));
  if (candidate.rtt) out.set_rtt_seconds(absl::ToDoubleSeconds(*candidate.rtt));
  return out;
}

v1::PathEvent Converter::Event(const engine::WhyEvent& event) const {
  v1::PathEvent out;
  out.set_ago_seconds(Age(event.ago));
  out.set_kind(CodeOf(event.kind));
  out.set_endpoint(Text(event.endpoint));
  out.set_rtt_seconds(absl::ToDoubleSeconds(event.rtt));
  out.set_count(event.count);
  return out;
}

v1::WhyEnd Converter::End(const engine::WhyEnd& end) const {
  v1::WhyEnd out;
  out.set_name(end.name);
  out.set_answered(end.answered);
  out.set_native(end.native);
  out.set_online(end.online);
  *out.mutable_network() = Network(end.report.network);
  const engine::WhyWay& way = end.report.way;
  *out.mutable_path() = PathOf(way.path, way.rtt, netmap);
  out.set_relay_id(way.relay.value());
  out.set_relay_code(RelayCode(way.relay, netmap));
  out.set_active(way.active);
  out.set_has_disco_key(way.has_disco_key);
  out.set_has_session(way.has_session);
  out.set_mtu_bytes(way.mtu_bytes);
  for (const WhyCandidate& candidate : end.report.candidates) {
    *out.add_candidates() = Candidate(candidate);
  }
  for (const engine::WhyEvent& event : end.report.events) {
    *out.add_events() = Event(event);
  }
  return out;
}

v1::Finding FindingOf(const engine::Finding& finding,
                      const engine::WhyEnds& ends) {
  v1::Finding out;
  out.set_code(engine::CodeOf(finding.cause));
  out.set_side(CodeOf(finding.side));
  out.set_text(engine::TextOf(finding, ends.local, ends.remote));
  return out;
}

v1::Diagnosis DiagnosisOf(const engine::WhyEnds& ends) {
  const engine::Diagnosis diagnosis = Diagnose(ends.local, ends.remote);
  v1::Diagnosis out;
  out.set_verdict(engine::CodeOf(diagnosis.verdict));
  *out.mutable_cause() = FindingOf(diagnosis.cause, ends);
  for (const engine::Finding& detail : diagnosis.details) {
    *out.add_details() = FindingOf(detail, ends);
  }
  out.set_remedy(engine::CodeOf(diagnosis.remedy));
  out.set_remedy_side(CodeOf(diagnosis.where));
  out.set_suggestion(SuggestionOf(diagnosis, ends.local, ends.remote));
  return out;
}

}  // namespace

v1::WhyReport WhyReportOf(const engine::WhyEnds& ends,
                          const engine::Joined& joined,
                          const netmap::Netmap* netmap) {
  v1::WhyReport out;
  *out.mutable_diagnosis() = DiagnosisOf(ends);
  *out.mutable_local() =
      Converter{netmap, absl::ZeroDuration()}.End(ends.local);
  *out.mutable_remote() = Converter{netmap, joined.ago}.End(ends.remote);
  out.set_clock_error_seconds(absl::ToDoubleSeconds(joined.error));
  return out;
}

v1::NatBehavior NatOf(const net::NatBehavior& nat) {
  // The values are the same (RFC 4787's terms).
  v1::NatBehavior out;
  if (nat.translates) out.set_translates(*nat.translates);
  out.set_mapping(
      static_cast<v1::NatBehavior::Dependence>(static_cast<int>(nat.mapping)));
  out.set_filtering(static_cast<v1::NatBehavior::Dependence>(
      static_cast<int>(nat.filtering)));
  out.set_ports(
      static_cast<v1::NatBehavior::Allocation>(static_cast<int>(nat.ports)));
  out.set_port_step(nat.port_step);
  if (nat.hairpins) out.set_hairpins(*nat.hairpins);
  return out;
}

v1::NatClass NatClassOf(const net::NatBehavior& nat, UdpState udp) {
  if (udp == UdpState::kBlocked) return v1::NAT_NO_UDP;
  if (nat.translates == false) return v1::NAT_NONE;
  if (nat.easy()) return v1::NAT_EASY;
  return nat.hard() ? v1::NAT_HARD : v1::NAT_UNKNOWN;
}

}  // namespace warren::client
