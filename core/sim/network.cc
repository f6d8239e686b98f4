#include "core/sim/network.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace warren::sim {

std::optional<uint16_t> Host::PortOf(uint16_t socket) const {
  if (socket == net::Endpoint::kMainSocket) return port;
  const auto it = more_ports.find(socket);
  return it == more_ports.end() ? std::nullopt : std::optional(it->second);
}

std::optional<uint16_t> Host::SocketOf(uint16_t local_port) const {
  if (local_port == port) return net::Endpoint::kMainSocket;
  for (const auto& [socket, its_port] : more_ports) {
    if (its_port == local_port) return socket;
  }
  return std::nullopt;
}

Host& Network::AddHost(absl::string_view name, const NatKind& kind) {
  auto host = std::make_unique<Host>();
  host->name = std::string(name);
  Place(*host, kind);
  hosts_.push_back(std::move(host));
  return *hosts_.back();
}

void Network::Move(Host& host, const NatKind& kind) { Place(host, kind); }

void Network::Place(Host& host, const NatKind& kind) {
  const uint32_t number = ++num_places_;
  // 198.18.0.0/15 is for tests like this one (RFC 2544).
  const auto public_address = net::IpAddress::V4(0xc6120000 + number);
  if (kind == kOpen) {
    host.address = public_address;
    host.nat = nullptr;
  } else {
    host.address = net::IpAddress::V4(0x0a000002 + (number << 8));
    host.nat = std::make_shared<Nat>(kind, public_address, world_.rng().U64());
  }
}

Host& Network::AddNeighbour(absl::string_view name, Host& neighbour) {
  auto host = std::make_unique<Host>();
  host->name = std::string(name);
  host->address = net::IpAddress::V4(neighbour.address.v4() + 1);
  host->nat = neighbour.nat;
  hosts_.push_back(std::move(host));
  return *hosts_.back();
}

void Network::SendUdp(Host& from, const net::Endpoint& to,
                      std::vector<uint8_t> bytes) {
  ++num_sent_;
  if (tap_) tap_(from, to, bytes);
  world_.Note(absl::StrCat(from.name, " -> ", to.ToString(), " ", bytes.size(),
                           " B, first ", bytes.empty() ? 0 : bytes[0]));
  const auto port = from.PortOf(to.socket());
  if (from.link.udp_blocked || !port) return;
  const net::Endpoint local(from.address, *port);
  const net::Endpoint target = to.Through(net::Endpoint::kMainSocket);
  if (from.nat != nullptr) {
    if (const Target near = Find(target, from.nat.get()); near.host) {
      return Deliver(from, near, local, std::move(bytes));
    }
  }
  const net::Endpoint source =
      from.nat == nullptr ? local
                          : from.nat->Outbound(world_.now(), local, target);
  if (Lost(from)) return;
  // The far NAT judges when the datagram arrives there, not now.
  world_.After(from.link.delay, [this, &from, source, target,
                                 bytes = std::move(bytes)]() mutable {
    const Target reached = Reached(source, target);
    const Host* host = reached.host;
    if (host == nullptr || host->link.udp_blocked || Lost(*host)) return;
    if (from.nat != nullptr && host->nat == from.nat) return;  // Hairpin.
    Deliver(from, reached, source, std::move(bytes));
  });
}

void Network::Cut(const Host& a, const Host& b, bool cut) {
  for (const auto& pair :
       {std::pair(a.name, b.name), std::pair(b.name, a.name)}) {
    if (cut) {
      cuts_.insert(pair);
    } else {
      cuts_.erase(pair);
    }
  }
}

void Network::Deliver(Host& from, const Target& to, const net::Endpoint& source,
                      std::vector<uint8_t> bytes) {
  if (cuts_.contains({from.name, to.host->name})) return;
  world_.After(to.host->link.delay,
               [to, source, bytes = std::move(bytes)]() mutable {
                 if (!to.host->receive) return;
                 to.host->receive(source.Through(to.socket), std::move(bytes));
               });
}

Network::Target Network::Reached(const net::Endpoint& source,
                                 const net::Endpoint& to) {
  if (const Target open = Find(to, nullptr); open.host) return open;
  for (const auto& host : hosts_) {
    if (host->nat == nullptr || host->nat->public_address() != to.address()) {
      continue;
    }
    const auto inside = host->nat->Inbound(world_.now(), source, to.port());
    return inside ? Find(*inside, host->nat.get()) : Target();
  }
  return {};
}

Network::Target Network::Find(const net::Endpoint& local, const Nat* nat) {
  for (const auto& host : hosts_) {
    if (host->nat.get() != nat || host->address != local.address()) continue;
    const auto socket = host->SocketOf(local.port());
    return socket ? Target{host.get(), *socket} : Target();
  }
  return {};
}

bool Network::Lost(const Host& host) {
  if (host.link.loss <= 0) return false;
  constexpr uint64_t kScale = 1'000'000;
  return static_cast<double>(world_.rng().Below(kScale)) <
         host.link.loss * static_cast<double>(kScale);
}

}  // namespace warren::sim
