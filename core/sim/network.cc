#include "core/sim/network.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace warren::sim {
namespace {

constexpr absl::Duration kLanDelay = absl::Microseconds(500);
constexpr uint16_t kMapperPort = 5351;            // RFC 6886 §3.1
constexpr size_t kHeaders4 = 28, kHeaders6 = 48;  // IP and UDP

}  // namespace

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

Site& Network::AddSite(const SiteKind& kind, Site* outer) {
  const auto number = static_cast<uint32_t>(sites_.size() + 1);
  net::IpAddress outside;
  if (kind.translates()) outside = OutsideAddress(outer);
  sites_.push_back(
      std::make_unique<Site>(kind, outer, number, outside, world_.rng().U64()));
  Site& site = *sites_.back();
  if (site.nat() != nullptr) attached_[{outer, outside}].site = &site;
  return site;
}

Host& Network::AddHost(absl::string_view name, Site& site) {
  hosts_.push_back(std::make_unique<Host>());
  Host& host = *hosts_.back();
  host.name = std::string(name);
  host.site = &site;
  Attach(host);
  return host;
}

Host& Network::AddHost(absl::string_view name, const NatKind& kind) {
  return AddHost(name, AddSite({.nat = kind}));
}

Host& Network::AddNeighbour(absl::string_view name, Host& neighbour) {
  return AddHost(name, *neighbour.site);
}

void Network::Move(Host& host, Site& site) {
  Detach(host);
  host.site = &site;
  Attach(host);
}

void Network::Move(Host& host, const NatKind& kind) {
  Move(host, AddSite({.nat = kind}));
}

void Network::SetV6(Host& host, bool on) {
  if (host.address6) {
    attached_.erase({nullptr, *host.address6});
    attached_.erase({host.site, *host.address6});
    host.address6.reset();
  }
  if (!on || !host.site->kind().v6) return;
  host.address6 = host.site->HostAddress6(num_hosts_[host.site]++);
  attached_[{nullptr, *host.address6}].host = &host;
  attached_[{host.site, *host.address6}].host = &host;
}

void Network::Renumber(Site& site) {
  if (site.nat() == nullptr) return;
  attached_.erase({site.outer(), site.nat()->public_address()});
  const net::IpAddress outside = OutsideAddress(site.outer());
  site.nat()->SetAddress(outside);
  attached_[{site.outer(), outside}].site = &site;
}

net::IpAddress Network::OutsideAddress(const Site* outer) {
  // On the internet of 198.18.0.0/15, for tests like this one (RFC 2544). A
  // carrier gives its customers addresses of 100.64.0.0/10 (RFC 6598).
  return net::IpAddress::V4((outer == nullptr ? 0xc6120000 : 0x64500000) +
                            ++num_outside_);
}

void Network::Attach(Host& host) {
  const Site& site = *host.site;
  ++host.interface;
  host.nat = host.site->nat();
  host.address = net::IpAddress();
  if (site.kind().v4) {
    const bool is_private = site.nat() != nullptr;
    host.address = is_private ? site.HostAddress(num_hosts_[&site]++)
                              : OutsideAddress(nullptr);
    if (!is_private) attached_[{nullptr, host.address}].host = &host;
    attached_[{&site, host.address}].host = &host;
  }
  SetV6(host, true);
}

void Network::Detach(const Host& host) {
  std::erase_if(attached_,
                [&](const auto& entry) { return entry.second.host == &host; });
}

const Network::Attached* Network::Find(const Site* network,
                                       const net::IpAddress& to) const {
  const auto it = attached_.find({network, to});
  return it == attached_.end() ? nullptr : &it->second;
}

void Network::SendUdp(Host& from, const net::Endpoint& to,
                      std::vector<uint8_t> bytes) {
  ++num_sent_;
  if (tap_) tap_(from, to, bytes);
  if (world_.keeps_trace()) {
    world_.Note(absl::StrCat(from.name, " -> ", to.ToString(), " ",
                             bytes.size(), " B, first ",
                             bytes.empty() ? 0 : bytes[0]));
  }
  const auto port = from.PortOf(to.socket());
  const bool v4 = to.address().is_v4();
  if (!from.up || !port || !(v4 ? from.has_v4() : from.address6.has_value())) {
    return;
  }
  const net::Endpoint target = to.Through(net::Endpoint::kMainSocket);
  Datagram datagram{&from,
                    target,
                    {{v4 ? from.address : *from.address6, *port}, target},
                    false,
                    std::move(bytes)};
  const auto network = Climb(datagram);
  if (!network) return;
  if (!datagram.crossed) return Arrive(*network, std::move(datagram));
  const int copies = Happens(from.link.duplication) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto delay = Pass(from.link, datagram);
    if (!delay) continue;
    // The far NAT judges when the datagram arrives there, not now.
    world_.After(*delay, [this, network = *network, datagram] {
      Arrive(network, datagram);
    });
  }
}

std::optional<const Site*> Network::Climb(Datagram& datagram) {
  Site* site = datagram.from->site;
  while (site != nullptr) {
    const net::IpAddress to = datagram.flight.to.address();
    if (to.IsMulticast()) return std::nullopt;  // it stays, and nobody listens
    if (Find(site, to) != nullptr) return site;
    if (site->nat() != nullptr && site->gateway() == to) {
      AnswerMapper(site, datagram);
      return std::nullopt;
    }
    const bool hairpin = site->HasOutside(to);
    if (!site->Out(world_.now(), datagram.flight)) return std::nullopt;
    if (hairpin) {
      if (!site->kind().nat.hairpins ||
          !site->In(world_.now(), datagram.flight)) {
        return std::nullopt;
      }
      return site;
    }
    datagram.crossed = true;
    site = site->outer();
  }
  return nullptr;
}

void Network::AnswerMapper(const Site* site, const Datagram& datagram) {
  Host& host = *datagram.from;
  const Flight& flight = datagram.flight;
  if (site != host.site || flight.to.port() != kMapperPort) return;
  std::vector<uint8_t> answer =
      host.site->AnswerMapper(world_.now(), flight.source, datagram.bytes);
  if (answer.empty()) return;
  world_.After(2 * kLanDelay, [this, &host, flight,
                               answer = std::move(answer)] {
    Deliver(host,
            {&host, flight.source, {flight.to, flight.source}, false, answer});
  });
}

void Network::Arrive(const Site* network, Datagram datagram) {
  while (true) {
    const Attached* next = Find(network, datagram.flight.to.address());
    if (next == nullptr) return;
    Site* inside = next->host != nullptr ? next->host->site : next->site;
    if (inside != network && !inside->In(world_.now(), datagram.flight)) return;
    if (next->host != nullptr) {
      return Deliver(*next->host, std::move(datagram));
    }
    network = inside;
  }
}

void Network::Deliver(Host& host, Datagram datagram) {
  const net::Endpoint to = datagram.flight.to;
  if (cuts_.contains({datagram.from->name, host.name})) return;
  const auto delay = datagram.crossed ? Pass(host.link, datagram) : kLanDelay;
  if (!delay) return;
  world_.After(*delay, [this, &host, to, datagram = std::move(datagram)] {
    const auto socket = host.SocketOf(to.port());
    const bool is_his =
        to.address() == host.address || to.address() == host.address6;
    if (!host.up || !host.receive || !socket || !is_his) return;
    reached_[{datagram.from, datagram.written_to}] = {&host, world_.now()};
    host.receive(datagram.flight.source.Through(*socket), datagram.bytes);
  });
}

std::optional<absl::Duration> Network::Pass(const Link& link,
                                            const Datagram& datagram) {
  const size_t headers =
      datagram.flight.to.address().is_v4() ? kHeaders4 : kHeaders6;
  if (link.udp_blocked || datagram.bytes.size() + headers > link.mtu ||
      Happens(link.loss)) {
    return std::nullopt;
  }
  if (link.jitter == absl::ZeroDuration()) return link.delay;
  return link.delay + world_.rng().Jitter(link.jitter);
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

Network::Arrival Network::LastReached(const Host& from,
                                      const net::Endpoint& to) const {
  const auto it =
      reached_.find({&from, to.Through(net::Endpoint::kMainSocket)});
  return it == reached_.end() ? Arrival() : it->second;
}

bool Network::Happens(double probability) {
  if (probability <= 0) return false;
  constexpr uint64_t kScale = 1'000'000;
  return static_cast<double>(world_.rng().Below(kScale)) <
         probability * static_cast<double>(kScale);
}

}  // namespace warren::sim
