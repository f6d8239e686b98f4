// Tunnel's dealings with what is around it: links, relays, the engine's events.

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/daemon/tunnel_parts.h"
#include "spdlog/spdlog.h"

namespace warren::client {

Tunnel::Devices::Devices(io::EventLoop& loop, Tunnel& tunnel)
    : sockets(loop,
              [&tunnel](net::PacketBatch& batch) { tunnel.OnSockets(batch); }),
      resolver(loop),
      exchanges(
          loop,
          [&tunnel, &loop](uint64_t id, absl::StatusOr<std::string> response) {
            if (!tunnel.engine_) return;  // the answer to a farewell
            tunnel.engine_->OnExchange(loop.Now(), id, std::move(response));
          }),
      latencies(loop, resolver,
                [&tunnel, &loop](RelayId relay,
                                 std::optional<absl::Duration> latency) {
                  tunnel.engine_->OnRelayLatency(loop.Now(), relay, latency);
                }),
      nat64(loop, resolver, [&tunnel] { tunnel.TellLinks(); }),
      time_asleep(loop.clock().TimeAsleep()) {}

void Tunnel::OnLinkChange() {
  if (!engine_) return;
  MendUdp(loop_.Now());
  devices_->resolver.Renew();
  devices_->nat64.OnLinkChange(devices_->links->latest().state);
  TellLinks();
}

void Tunnel::TellLinks() {
  if (!engine_) return;
  engine::LinkState state = devices_->links->latest().state;
  const Udp& udp = *devices_->udp;
  if (udp.fd(net::Family::kV4) >= 0) state.udp4_port = udp.port();
  if (udp.fd(net::Family::kV6) >= 0) state.udp6_port = udp.port();
  state.nat64_prefix = devices_->nat64.prefix();
  // Relays first: what the engine says next leaves by connections that work.
  links_->SetNat64(state.nat64_prefix);
  links_->OnLinkChange(loop_.Now(), [this](const net::IpAddress& address) {
    return devices_->links->latest().InterfaceOf(address);
  });
  engine_->OnLinkChange(loop_.Now(), state);
  Drain();
}

void Tunnel::OnRelayPacket(RelayId relay, const crypto::NodeKey& source,
                           Bytes packet) {
  Lanes& lanes = *lanes_;
  if (packet.empty() || packet.size() > lanes.arena.size()) return;
  if (lanes.relayed.full() || relay != lanes.relay ||
      lanes.arena_used + packet.size() > lanes.arena.size()) {
    FlushRelayPackets();
  }
  lanes.relay = relay;
  uint8_t* place = lanes.arena.data() + lanes.arena_used;
  std::memcpy(place, packet.data(), packet.size());
  lanes.arena_used += packet.size();
  net::Packet& added = lanes.relayed.Add({});
  added.data = place;
  added.size = static_cast<uint32_t>(packet.size());
  added.peer = engine_->FindPeer(source);
}

void Tunnel::FlushRelayPackets() {
  Lanes& lanes = *lanes_;
  if (!lanes.relayed.empty()) {
    engine_->FromRelay(loop_.Now(), lanes.relay, lanes.relayed, lanes.to_tun);
    tun_->Write(lanes.to_tun);
    lanes.to_tun.clear();
    Drain();
  }
  lanes.relayed.clear();
  lanes.arena_used = 0;
}

RelayLinksCallbacks Tunnel::LinkCallbacks() {
  RelayLinksCallbacks callbacks;
  callbacks.connected = [this](RelayId relay) {
    spdlog::info("relay {} connected", relay.value());
    devices_->lost_relays.erase(relay);
    engine_->OnRelayConnected(loop_.Now(), relay);
  };
  callbacks.disconnected = [this](RelayId relay, const absl::Status& why) {
    const bool is_news = devices_->lost_relays.insert(relay).second;
    spdlog::log(is_news && !absl::IsCancelled(why) ? spdlog::level::warn
                                                   : spdlog::level::debug,
                "relay {} lost: {}", relay.value(), std::string(why.message()));
    engine_->OnRelayDisconnected(loop_.Now(), relay);
  };
  callbacks.packet = [this](RelayId relay, const crypto::NodeKey& source,
                            Bytes packet) {
    OnRelayPacket(relay, source, packet);
  };
  callbacks.drained = [this](RelayId) { FlushRelayPackets(); };
  callbacks.peer_gone = [this](RelayId relay, const crypto::NodeKey& peer) {
    engine_->OnRelayPeerGone(loop_.Now(), relay, peer);
  };
  return callbacks;
}

void Tunnel::OnEvent(const engine::EngineEvent& event) {
  if (const auto* wanted = std::get_if<engine::RelayWanted>(&event)) {
    links_->SetWanted(wanted->relay, wanted->wanted);
  } else if (const auto* name = std::get_if<engine::ResolveWanted>(&event)) {
    devices_->resolver.Resolve(
        name->hostname, [this, hostname = name->hostname](
                            std::vector<net::IpAddress> addresses) {
          if (!engine_) return;
          engine_->OnResolved(loop_.Now(), hostname, std::move(addresses));
          Drain();
        });
  } else if (const auto* home = std::get_if<engine::HomeRelayChanged>(&event)) {
    links_->SetHome(home->relay);
    callbacks_.report();
  } else if (std::holds_alternative<engine::EndpointsChanged>(event)) {
    callbacks_.report();
  } else if (const auto* sockets = std::get_if<engine::SocketsWanted>(&event)) {
    OnSocketsWanted(*sockets);
  } else if (const auto* exchange =
                 std::get_if<engine::ExchangeWanted>(&event)) {
    devices_->exchanges.Start(*exchange);
  } else if (const auto* latency =
                 std::get_if<engine::RelayLatencyWanted>(&event)) {
    devices_->latencies.Measure(latency->relays, engine_->netmap()->relay_map,
                                devices_->nat64.prefix());
  } else {
    callbacks_.event(event);
  }
}

void Tunnel::OnSocketsWanted(const engine::SocketsWanted& wanted) {
  if (!wanted.wanted) {
    return devices_->sockets.Close(wanted.first, wanted.count);
  }
  const size_t missing = devices_->sockets.Open(wanted.first, wanted.count);
  if (missing > 0) {
    spdlog::warn("{} of {} UDP sockets could not be opened", missing,
                 wanted.count);
  }
}

}  // namespace warren::client
