#include "core/sim/nat.h"

#include <algorithm>

namespace warren::sim {
namespace {

constexpr size_t kMaxMappings = 8192;  // then the dead ones are swept out
constexpr absl::Duration kStrangerLifetime = absl::Seconds(30);

// What of `remote` matters; the rest is fixed.
net::Endpoint Part(Depends depends, const net::Endpoint& remote) {
  switch (depends) {
    case Depends::kNothing:
      return {};
    case Depends::kAddress:
      return {remote.address(), 1};
    case Depends::kAddressAndPort:
      return remote;
  }
  return {};
}

}  // namespace

std::optional<net::Endpoint> Nat::Outbound(Instant now,
                                           const net::Endpoint& inside,
                                           const net::Endpoint& to) {
  const auto port = PortFor(now, {inside, to});
  if (!port) return std::nullopt;
  Mapping& mapping = mappings_[*port];
  mapping.inside = inside;
  mapping.last_used = now;
  mapping.contacted[Part(kind_.filtering, to)] = now;
  return net::Endpoint(public_address_, *port);
}

std::optional<uint16_t> Nat::PortFor(Instant now, const Pair& pair) {
  const auto& [inside, to] = pair;
  if (const auto port = Find(now, answers_, pair)) return port;
  const Pair key(inside, Part(kind_.mapping, to));
  if (const auto port = Find(now, ports_, key)) {
    if (!HeldByStranger(now, *port, to) ||
        Contacted(now, mappings_.at(*port), to)) {
      return port;
    }
    const auto other = NewPort(now, 0);
    if (other) answers_[pair] = *other;
    return other;
  }
  const bool held = HeldByStranger(now, inside.port(), to);
  const auto port = NewPort(now, held ? 0 : inside.port());
  if (!port) return std::nullopt;
  mappings_.erase(*port);  // A dead one.
  ports_[key] = *port;
  return port;
}

std::optional<net::Endpoint> Nat::Inbound(Instant now,
                                          const net::Endpoint& from,
                                          uint16_t port) {
  const auto it = mappings_.find(port);
  if (it != mappings_.end() && Alive(now, it->second.last_used) &&
      Contacted(now, it->second, from)) {
    return Accept(now, from, port, it->second);
  }
  const auto forwarded = forwarded_.find(port);
  if (forwarded != forwarded_.end() && now < forwarded->second.until) {
    Mapping& mapping = mappings_[port];
    mapping.inside = forwarded->second.inside;
    mapping.last_used = now;
    mapping.contacted[Part(kind_.filtering, from)] = now;
    return Accept(now, from, port, mapping);
  }
  if (kind_.remembers_strangers) strangers_[{port, from}] = now;
  return std::nullopt;
}

std::optional<net::Endpoint> Nat::Accept(Instant now, const net::Endpoint& from,
                                         uint16_t port, Mapping& mapping) {
  if (kind_.refreshed_from_outside) {
    mapping.last_used = now;
    mapping.contacted[Part(kind_.filtering, from)] = now;
  }
  const auto own =
      Find(now, ports_, {mapping.inside, Part(kind_.mapping, from)});
  if (own != port) answers_[{mapping.inside, from}] = port;
  return mapping.inside;
}

uint16_t Nat::Forward(Instant now, const net::Endpoint& inside, Instant until) {
  for (auto& [port, forwarding] : forwarded_) {
    if (forwarding.inside != inside) continue;
    forwarding.until = until;
    return port;
  }
  // The port wished for, unless another host has it.
  uint16_t port = inside.port();
  while (forwarded_.contains(port) ||
         (!Free(now, port) && mappings_.at(port).inside != inside)) {
    ++port;
  }
  forwarded_[port] = {inside, until};
  return port;
}

void Nat::Reset() {
  mappings_.clear();
  ports_.clear();
  answers_.clear();
  strangers_.clear();
}

void Nat::SetAddress(const net::IpAddress& public_address) {
  public_address_ = public_address;
  Reset();
}

std::optional<uint16_t> Nat::Find(Instant now,
                                  const std::map<Pair, uint16_t>& table,
                                  const Pair& key) const {
  const auto it = table.find(key);
  if (it == table.end()) return std::nullopt;
  const auto mapping = mappings_.find(it->second);
  if (mapping == mappings_.end() || mapping->second.inside != key.first ||
      !Alive(now, mapping->second.last_used)) {
    return std::nullopt;
  }
  return it->second;
}

std::optional<uint16_t> Nat::NewPort(Instant now, uint16_t local) {
  if (mappings_.size() >= kMaxMappings) {
    std::erase_if(mappings_, [&](const auto& entry) {
      return !Alive(now, entry.second.last_used);
    });
  }
  if (kind_.ports == Ports::kPreserving && local != 0 && Free(now, local)) {
    return local;
  }
  for (uint32_t i = 0; i < kind_.num_ports; ++i) {
    auto number = static_cast<int64_t>(rng_.Below(kind_.num_ports));
    if (kind_.ports == Ports::kSequential) {
      number = (last_given_ + kind_.step + kind_.num_ports) % kind_.num_ports;
      last_given_ = number;
    }
    const auto port = static_cast<uint16_t>(kind_.first_port + number);
    if (Free(now, port)) return port;
  }
  return std::nullopt;
}

bool Nat::Contacted(Instant now, const Mapping& mapping,
                    const net::Endpoint& remote) const {
  const auto it = mapping.contacted.find(Part(kind_.filtering, remote));
  return it != mapping.contacted.end() && Alive(now, it->second);
}

bool Nat::HeldByStranger(Instant now, uint16_t port,
                         const net::Endpoint& remote) const {
  const auto it = strangers_.find({port, remote});
  return it != strangers_.end() && now - it->second < kStrangerLifetime;
}

bool Nat::Free(Instant now, uint16_t port) const {
  const auto it = mappings_.find(port);
  return !forwarded_.contains(port) &&
         (it == mappings_.end() || !Alive(now, it->second.last_used));
}

void Firewall::NoteSent(Instant now, const net::Endpoint& inside,
                        const net::Endpoint& to) {
  if (filtering_ == Depends::kNothing) return;
  sent_[{inside, Part(filtering_, to)}] = now;
}

bool Firewall::Admits(Instant now, const net::Endpoint& from,
                      const net::Endpoint& inside) const {
  if (filtering_ == Depends::kNothing) return true;
  const auto it = sent_.find({inside, Part(filtering_, from)});
  return it != sent_.end() && now - it->second < kLifetime;
}

}  // namespace warren::sim
