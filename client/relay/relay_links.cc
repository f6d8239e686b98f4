#include "client/relay/relay_links.h"

#include <algorithm>
#include <utility>

namespace warren::client {
namespace {

// The literal addresses of a relay; `needs_dns` when a family is left to DNS.
std::vector<net::IpAddress> LiteralAddresses(const derp::RelayNode& relay,
                                             bool& needs_dns) {
  std::vector<net::IpAddress> out;
  needs_dns = relay.ipv4.empty() && relay.ipv6.empty();
  for (const std::string* text : {&relay.ipv4, &relay.ipv6}) {
    const auto address = net::IpAddress::Parse(*text);
    if (address.ok()) out.push_back(*address);
  }
  return out;
}

}  // namespace

struct RelayLinks::Link {
  derp::RelayRegion region;
  std::unique_ptr<RelayConnection> connection;
  size_t next_node = 0;  // of the region, to try
  int num_failures = 0;  // since the last login
  uint64_t attempt = 0;  // tells late DNS answers apart
  bool was_connected = false;
  Instant retry_at = Instant::Never();
};

RelayLinks::RelayLinks(io::EventLoop& loop, Rng& rng, Resolver& resolver,
                       const crypto::NodePrivateKey& node_key,
                       RelayLinksCallbacks callbacks)
    : loop_(loop),
      rng_(rng),
      resolver_(resolver),
      node_key_(node_key.Clone()),
      callbacks_(std::move(callbacks)) {}

RelayLinks::~RelayLinks() { *alive_ = false; }

void RelayLinks::SetMap(const derp::RelayMap& map) {
  if (map == map_) return;
  map_ = map;
  for (auto& [id, link] : links_) {
    const derp::RelayRegion* region = map_.Find(id);
    if (region != nullptr && *region == link->region) continue;
    link->region = region == nullptr ? derp::RelayRegion{} : *region;
    link->next_node = 0;
    link->attempt = 0;
    link->retry_at = loop_.Now();
    if (!link->connection) continue;
    retired_.push_back(std::move(link->connection));
    if (std::exchange(link->was_connected, false)) {
      callbacks_.disconnected(
          id, absl::UnavailableError("the relay map has changed"));
    }
  }
}

void RelayLinks::SetWanted(RelayId relay, bool wanted) {
  if (!wanted) {
    const auto it = links_.find(relay);
    if (it == links_.end()) return;
    const bool was_connected = it->second->was_connected;
    if (it->second->connection) {
      retired_.push_back(std::move(it->second->connection));
    }
    links_.erase(it);
    if (was_connected) {
      callbacks_.disconnected(relay, absl::CancelledError("not needed"));
    }
    return;
  }
  auto& link = links_[relay];
  if (link) return;
  link = std::make_unique<Link>();
  if (const derp::RelayRegion* region = map_.Find(relay)) {
    link->region = *region;
  }
  Connect(relay, *link);
}

void RelayLinks::SetHome(RelayId home) {
  home_ = home;
  for (auto& [id, link] : links_) {
    if (link->connection) link->connection->SetPreferred(id == home_);
  }
}

void RelayLinks::Connect(RelayId id, Link& link) {
  link.retry_at = Instant::Never();
  std::vector<const derp::RelayNode*> nodes;
  for (const derp::RelayNode& node : link.region.nodes) {
    if (!node.stun_only) nodes.push_back(&node);
  }
  if (nodes.empty()) return;  // SetMap() brings it back
  const derp::RelayNode& node = *nodes[link.next_node % nodes.size()];
  link.attempt = ++num_attempts_;
  bool needs_dns = false;
  std::vector<net::IpAddress> addresses = LiteralAddresses(node, needs_dns);
  if (!needs_dns) return OnAddresses(id, link.attempt, std::move(addresses));
  resolver_.Resolve(node.hostname,
                    [this, alive = alive_, id, attempt = link.attempt](
                        std::vector<net::IpAddress> found) {
                      if (*alive) OnAddresses(id, attempt, std::move(found));
                    });
}

void RelayLinks::OnAddresses(RelayId id, uint64_t attempt,
                             std::vector<net::IpAddress> addresses) {
  const auto it = links_.find(id);
  if (it == links_.end() || it->second->attempt != attempt) return;
  Link& link = *it->second;
  std::vector<const derp::RelayNode*> nodes;
  for (const derp::RelayNode& node : link.region.nodes) {
    if (!node.stun_only) nodes.push_back(&node);
  }
  const derp::RelayNode& node = *nodes[link.next_node % nodes.size()];
  auto connection = RelayConnection::Start(loop_, rng_, node, addresses,
                                           node_key_, CallbacksFor(id));
  if (!connection.ok()) return OnClosed(id, connection.status());
  link.connection = *std::move(connection);
  link.connection->SetPreferred(id == home_);
}

RelayCallbacks RelayLinks::CallbacksFor(RelayId id) {
  RelayCallbacks callbacks;
  callbacks.logged_in = [this, id] {
    const auto it = links_.find(id);
    if (it == links_.end()) return;
    it->second->num_failures = 0;
    it->second->was_connected = true;
    callbacks_.connected(id);
  };
  callbacks.packet = [this, id](const crypto::NodeKey& source, Bytes packet) {
    callbacks_.packet(id, source, packet);
  };
  callbacks.drained = [this, id] { callbacks_.drained(id); };
  callbacks.peer_gone = [this, id](const crypto::NodeKey& peer) {
    callbacks_.peer_gone(id, peer);
  };
  callbacks.closed = [this, id](absl::Status why) { OnClosed(id, why); };
  return callbacks;
}

void RelayLinks::OnClosed(RelayId id, absl::Status why) {
  const auto it = links_.find(id);
  if (it == links_.end()) return;
  Link& link = *it->second;
  if (link.connection) retired_.push_back(std::move(link.connection));
  const absl::Duration limit = std::min(
      kMaxBackOff, kFirstBackOff * (1 << std::min(link.num_failures, 10)));
  ++link.num_failures;
  ++link.next_node;
  link.attempt = 0;
  link.retry_at = loop_.Now() + rng_.Jitter(limit);
  link.was_connected = false;
  callbacks_.disconnected(id, why);
}

bool RelayLinks::Send(Instant now, RelayId relay,
                      const crypto::NodeKey& destination, Bytes packet) {
  const auto it = links_.find(relay);
  return it != links_.end() && it->second->connection &&
         it->second->connection->Send(now, destination, packet);
}

void RelayLinks::Flush() {
  // A connection that fails while it is flushed retires itself, but its link
  // stays in the map.
  for (auto& [id, link] : links_) {
    if (link->connection) link->connection->Flush();
  }
}

Instant RelayLinks::Next() const {
  Instant next = retired_.empty() ? Instant::Never() : loop_.Now();
  for (const auto& [id, link] : links_) {
    next = std::min(next, link->retry_at);
    if (link->connection) next = std::min(next, link->connection->Next());
  }
  return next;
}

void RelayLinks::OnTimeout(Instant now) {
  retired_.clear();
  for (auto& [id, link] : links_) {
    if (now >= link->retry_at) Connect(id, *link);
    if (link->connection && now >= link->connection->Next()) {
      link->connection->OnTimeout(now);
    }
  }
}

}  // namespace warren::client
