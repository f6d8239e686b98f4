#include "client/daemon/status_report.h"

#include <algorithm>
#include <string>

#include "client/daemon/why_report.h"
#include "core/base/version.h"
#include "core/crypto/fingerprint.h"
#include "proto/convert/netmap.h"

namespace warren::client {
namespace {

void SetNat(const net::NatBehavior& nat, engine::UdpState udp,
            v1::PeerStatus& out) {
  *out.mutable_nat() = NatOf(nat);
  out.set_nat_class(NatClassOf(nat, udp));
}

v1::PeerStatus PeerOf(const netmap::Node& node, const engine::Engine& engine) {
  v1::PeerStatus out;
  *out.mutable_node() = convert::ToProto(node);
  const auto status = engine.peer(node.id);
  if (!status) return out;
  *out.mutable_path() = PathOf(status->path, status->rtt, engine.netmap());
  out.set_rx_bytes(status->rx_bytes);
  out.set_tx_bytes(status->tx_bytes);
  if (status->last_handshake) {
    out.set_last_handshake_ms(
        absl::ToInt64Milliseconds(*status->last_handshake));
  }
  out.set_active(status->active);
  if (status->nat) {
    SetNat(status->nat->behavior,
           status->nat->udp_works ? engine::UdpState::kWorks
                                  : engine::UdpState::kBlocked,
           out);
  }
  return out;
}

void AddNetmap(const engine::Engine& engine, v1::Status& out) {
  const netmap::Netmap& netmap = *engine.netmap();
  out.set_tailnet(netmap.tailnet);
  out.set_domain(netmap.domain);
  out.set_waits_for_approval(netmap.waits_for_approval);
  out.set_user_login(netmap.self.user_login);
  out.set_netmap_version(netmap.version);
  *out.mutable_self()->mutable_node() = convert::ToProto(netmap.self);
  const engine::WhyNetwork here = engine.WhyHere();
  SetNat(here.nat, here.udp, *out.mutable_self());
  std::vector<const netmap::Node*> peers;
  for (const auto& [id, node] : netmap.peers) peers.push_back(&node);
  std::sort(peers.begin(), peers.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const netmap::Node* node : peers) {
    *out.add_peers() = PeerOf(*node, engine);
  }
}

// The measured by rising latency, then the others as the map has them.
void AddLatencies(const engine::NetworkStatus& network,
                  const netmap::Netmap* netmap, v1::NetcheckReport& out) {
  auto measured = network.latencies;
  std::ranges::stable_sort(measured, {},
                           &engine::NetworkStatus::RelayLatency::latency);
  const auto add = [&](RelayId relay) -> v1::RelayLatency& {
    v1::RelayLatency& added = *out.add_relay_latencies();
    added.set_relay_id(relay.value());
    added.set_relay_code(RelayCode(relay, netmap));
    return added;
  };
  for (const auto& [relay, latency] : measured) {
    add(relay).set_seconds(absl::ToDoubleSeconds(latency));
  }
  if (netmap == nullptr) return;
  for (const derp::RelayRegion& region : netmap->relay_map.regions) {
    const bool silent = std::ranges::none_of(
        measured, [&](const auto& one) { return one.relay == region.id; });
    if (silent && !region.no_measure_no_home) add(region.id);
  }
}

}  // namespace

std::string RelayCode(RelayId relay, const netmap::Netmap* netmap) {
  const derp::RelayRegion* region =
      netmap == nullptr ? nullptr : netmap->relay_map.Find(relay);
  return region == nullptr ? "" : region->code;
}

v1::State StateOf(DaemonState state) {
  switch (state) {
    case DaemonState::kNeedsLogin:
      return v1::NEEDS_LOGIN;
    case DaemonState::kConnecting:
      return v1::CONNECTING;
    case DaemonState::kRunning:
      return v1::RUNNING;
    case DaemonState::kStopped:
      return v1::STOPPED;
    case DaemonState::kExpired:
      return v1::EXPIRED;
  }
  return v1::STATE_UNSPECIFIED;
}

v1::Path PathOf(const engine::Path& path, std::optional<absl::Duration> rtt,
                const netmap::Netmap* netmap) {
  v1::Path out;
  if (path.kind == engine::PathKind::kDirect) {
    out.set_kind(v1::Path::DIRECT);
    out.set_endpoint(path.endpoint.ToString());
  } else if (path.kind == engine::PathKind::kRelay) {
    out.set_kind(v1::Path::RELAYED);
    out.set_relay_id(path.endpoint.relay().value());
    out.set_relay_code(RelayCode(path.endpoint.relay(), netmap));
  }
  if (rtt) out.set_rtt_seconds(absl::ToDoubleSeconds(*rtt));
  return out;
}

v1::Status StatusOf(const Daemon& daemon) {
  v1::Status out;
  out.set_version(kVersion);
  out.set_state(StateOf(daemon.state()));
  out.set_control_url(daemon.device().control_url);
  out.set_interface(daemon.tunnel().interface());
  out.set_auth_url(daemon.device().auth_url);
  out.set_fingerprint(
      crypto::Fingerprint(daemon.device().machine_key.public_key()));
  for (const std::string& problem : daemon.Health()) out.add_health(problem);
  const engine::Engine* engine = daemon.tunnel().engine();
  if (engine != nullptr && engine->netmap() != nullptr) AddNetmap(*engine, out);
  return out;
}

v1::NetcheckReport NetcheckOf(const engine::NetworkStatus& network,
                              const netmap::Netmap* netmap) {
  v1::NetcheckReport out;
  out.set_udp_v4(network.udp_v4);
  out.set_udp_v6(network.udp_v6);
  if (network.mapped_v4) out.set_global_v4(network.mapped_v4->ToString());
  if (network.mapped_v6) out.set_global_v6(network.mapped_v6->ToString());
  *out.mutable_nat() = NatOf(network.nat);
  if (network.captive_portal) {
    out.set_captive_portal(*network.captive_portal);
  }
  const auto& mapping = network.port_mapping;
  v1::PortMapping& ports = *out.mutable_port_mapping();
  if (mapping.nat_pmp) ports.set_nat_pmp(*mapping.nat_pmp);
  if (mapping.pcp) ports.set_pcp(*mapping.pcp);
  if (mapping.upnp) ports.set_upnp(*mapping.upnp);
  if (mapping.external) ports.set_external(mapping.external->ToString());
  out.set_home_relay(network.home_relay.value());
  AddLatencies(network, netmap, out);
  return out;
}

}  // namespace warren::client
