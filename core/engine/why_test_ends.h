#ifndef WARREN_CORE_ENGINE_WHY_TEST_ENDS_H_
#define WARREN_CORE_ENGINE_WHY_TEST_ENDS_H_

#include <string>

#include "core/engine/why_diagnosis.h"

// Ends of a pair as tests of the diagnosis want them.
namespace warren::engine {

inline net::Endpoint At(const std::string& text) {
  return *net::Endpoint::Parse(text);
}

inline net::NatBehavior Nat(net::Dependence mapping,
                            net::Dependence filtering) {
  net::NatBehavior nat;
  nat.translates = true;
  nat.mapping = mapping;
  nat.filtering = filtering;
  return nat;
}
inline const net::NatBehavior kEasy =
    Nat(net::Dependence::kEndpointIndependent,
        net::Dependence::kAddressAndPortDependent);
inline const net::NatBehavior kCone =
    Nat(net::Dependence::kEndpointIndependent,
        net::Dependence::kEndpointIndependent);
inline const net::NatBehavior kRestricted = Nat(
    net::Dependence::kEndpointIndependent, net::Dependence::kAddressDependent);
inline const net::NatBehavior kHard =
    Nat(net::Dependence::kAddressAndPortDependent,
        net::Dependence::kAddressAndPortDependent);
inline net::NatBehavior Public(net::Dependence filtering) {
  net::NatBehavior nat = kCone;
  nat.translates = false;
  nat.filtering = filtering;
  return nat;
}

inline void Tell(WhyEnd& end, path::ProbeKind kind, absl::Duration ago,
                 const std::string& where = "", uint32_t count = 0) {
  WhyEvent event;
  event.kind = kind;
  event.ago = ago;
  event.count = count;
  if (!where.empty()) event.endpoint = At(where);
  end.report.events.push_back(event);
}

// A healthy end with an easy NAT that has asked for a while, by relay so far.
inline WhyEnd End(const std::string& name, int number) {
  WhyEnd end;
  end.name = name;
  end.answered = end.native = end.online = true;
  WhyNetwork& network = end.report.network;
  network.udp = UdpState::kWorks;
  network.nat = kEasy;
  const std::string n = std::to_string(number);
  network.mapped_v4 = At("203.0.113." + n + ":1" + n);
  network.udp_port = 41641;
  network.endpoints = {
      {network.mapped_v4, EndpointOrigin::kStun},
      {At("192.168." + n + ".100:41641"), EndpointOrigin::kInterface}};
  network.home_relay = RelayId(1);
  network.relay_connected = true;
  end.report.way.path = {path::PathKind::kRelay,
                         net::Endpoint::Relay(RelayId(1))};
  end.report.way.relay = RelayId(1);
  end.report.way.active = end.report.way.has_disco_key = true;
  end.report.way.has_session = true;
  Tell(end, path::ProbeKind::kCallSent, absl::Seconds(20), "", 2);
  return end;
}

// ---- What befalls an end. ----

inline void Direct(WhyEnd& end, const std::string& via) {
  end.report.way.path = {path::PathKind::kDirect, At(via)};
}
inline void Block(WhyEnd& end) {
  end.report.network.udp = UdpState::kBlocked;
  end.report.network.nat = {};
  end.report.network.mapped_v4 = {};
  end.report.network.endpoints.erase(end.report.network.endpoints.begin());
}
inline void Hear(WhyEnd& end) {
  Tell(end, path::ProbeKind::kPingReceived, absl::Seconds(3), "203.0.113.99:9");
}
inline void Silence(WhyEnd& end, bool native) {
  const WhyReport before = end.report;
  end.report = {};
  end.answered = false;
  end.native = native;
  end.report.network.endpoints = before.network.endpoints;
  if (!native) return;
  end.report.network.nat = before.network.nat;
  end.report.network.mapped_v4 = before.network.mapped_v4;
}
inline void BehindOneAddress(WhyEnd& alice, WhyEnd& bob) {
  bob.report.network.mapped_v4 = At("203.0.113.10:5");
  alice.report.network.mapped_v4 = At("203.0.113.10:4");
}

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_WHY_TEST_ENDS_H_
