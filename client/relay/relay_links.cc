#include "client/relay/relay_links.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "client/relay/relay_dial.h"

namespace warren::client {
struct RelayLinks::Link {
  derp::RelayRegion region;
  std::unique_ptr<RelayConnection> connection;
  derp::RelayNode node;  // that the attempt is made with
  size_t next_node = 0;  // of the region, to try
  int num_failures = 0;  // since the last login that lasted
  uint64_t attempt = 0;  // under way or logged in; 0: none
  std::optional<Instant> logged_in_at;
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
  std::vector<RelayId> lost;
  for (auto& [id, link] : links_) {
    const derp::RelayRegion* region = map_.Find(id);
    const auto old_nodes = std::move(link->region.nodes);
    link->region = region == nullptr ? derp::RelayRegion{} : *region;
    const auto& nodes = link->region.nodes;
    if (nodes == old_nodes ||
        (link->attempt != 0 &&
         std::find(nodes.begin(), nodes.end(), link->node) != nodes.end())) {
      continue;
    }
    if (Drop(*link)) lost.push_back(id);
    link->next_node = 0;
    link->num_failures = 0;
    link->retry_at = Instant::LongAgo();
  }
  for (const RelayId id : lost) {
    callbacks_.disconnected(
        id, absl::UnavailableError("the relay map has changed"));
  }
}

void RelayLinks::SetWanted(RelayId relay, bool wanted) {
  const auto it = links_.find(relay);
  if (wanted == (it != links_.end())) return;
  if (!wanted) {
    const bool was_logged_in = Drop(*it->second);
    links_.erase(it);
    if (was_logged_in) {
      callbacks_.disconnected(relay, absl::CancelledError("not needed"));
    }
    return;
  }
  auto link = std::make_unique<Link>();
  if (const derp::RelayRegion* region = map_.Find(relay)) {
    link->region = *region;
  }
  link->retry_at = Instant::LongAgo();  // at the end of this turn
  links_.emplace(relay, std::move(link));
}

bool RelayLinks::Drop(Link& link) {
  if (link.connection) retired_.push_back(std::move(link.connection));
  link.attempt = 0;
  return std::exchange(link.logged_in_at, std::nullopt).has_value();
}

void RelayLinks::SetHome(RelayId home) {
  home_ = home;
  for (auto& [id, link] : links_) {
    if (link->connection) link->connection->SetPreferred(id == home_);
  }
}

bool RelayLinks::IsCutOff(const Link& link, const InterfaceOf& interface_of) {
  const auto ends = link.connection->ends();
  if (!ends) return false;  // between two attempts
  const uint32_t interface = interface_of(ends->local);
  if (interface == 0) return true;
  // Without a way at all, one may come back in a moment: the ping will tell.
  const auto source = SourceFor(ends->remote);
  return source && interface_of(*source) != interface;
}

void RelayLinks::OnLinkChange(Instant now, const InterfaceOf& interface_of) {
  std::vector<RelayId> lost;
  for (auto& [id, link] : links_) {
    link->num_failures = 0;
    if (link->retry_at != Instant::Never()) {
      link->retry_at = Instant::LongAgo();
    }
    if (!link->connection) continue;
    if (!IsCutOff(*link, interface_of)) {
      link->connection->Check(now);
      continue;
    }
    if (Drop(*link)) lost.push_back(id);
    link->retry_at = Instant::LongAgo();
  }
  for (const RelayId id : lost) {
    callbacks_.disconnected(id,
                            absl::AbortedError("this host's network changed"));
  }
}

void RelayLinks::Connect(RelayId id, Link& link) {
  link.retry_at = Instant::Never();
  std::vector<const derp::RelayNode*> nodes;
  for (const derp::RelayNode& node : link.region.nodes) {
    if (!node.stun_only) nodes.push_back(&node);
  }
  if (nodes.empty()) return;  // SetMap() brings it back
  link.node = *nodes[link.next_node % nodes.size()];
  link.attempt = ++num_attempts_;
  FindRelayAddresses(resolver_, link.node,
                     [this, alive = alive_, id, attempt = link.attempt](
                         std::vector<net::IpAddress> addresses) {
                       if (*alive) OnAddresses(id, attempt, addresses);
                     });
}

RelayLinks::Link* RelayLinks::Current(RelayId id, uint64_t attempt) {
  const auto it = links_.find(id);
  if (it == links_.end() || it->second->attempt != attempt) return nullptr;
  return it->second.get();
}

void RelayLinks::OnAddresses(RelayId id, uint64_t attempt,
                             const std::vector<net::IpAddress>& addresses) {
  Link* const link = Current(id, attempt);
  if (link == nullptr) return;
  auto connection = RelayConnection::Start(
      loop_, rng_, link->node,
      nat64_ ? ThroughNat64(addresses, *nat64_) : addresses, node_key_,
      CallbacksFor(id, attempt));
  if (!connection.ok()) return OnClosed(id, *link, connection.status());
  link->connection = *std::move(connection);
  link->connection->SetPreferred(id == home_);
}

RelayCallbacks RelayLinks::CallbacksFor(RelayId id, uint64_t attempt) {
  RelayCallbacks callbacks;
  callbacks.logged_in = [this, id, attempt] {
    if (Link* link = Current(id, attempt)) OnLoggedIn(id, *link);
  };
  callbacks.packet = [this, id, attempt](const crypto::NodeKey& source,
                                         Bytes packet) {
    if (Current(id, attempt)) callbacks_.packet(id, source, packet);
  };
  callbacks.drained = [this, id] { callbacks_.drained(id); };
  callbacks.peer_gone = [this, id, attempt](const crypto::NodeKey& peer) {
    if (Current(id, attempt)) callbacks_.peer_gone(id, peer);
  };
  callbacks.closed = [this, id, attempt](const absl::Status& why) {
    if (Link* link = Current(id, attempt)) OnClosed(id, *link, why);
  };
  return callbacks;
}

void RelayLinks::OnLoggedIn(RelayId id, Link& link) {
  link.logged_in_at = loop_.Now();
  callbacks_.connected(id);
}

void RelayLinks::OnClosed(RelayId id, Link& link, const absl::Status& why) {
  const Instant now = loop_.Now();
  if (link.logged_in_at && now - *link.logged_in_at >= kStable) {
    link.num_failures = 0;
  }
  Drop(link);
  const absl::Duration limit = std::min(
      kMaxBackOff, kFirstBackOff * (1 << std::min(link.num_failures, 10)));
  if (absl::IsAborted(why)) {
    link.retry_at = now;
  } else {
    ++link.num_failures;
    ++link.next_node;
    link.retry_at = now + rng_.Jitter(limit);
  }
  callbacks_.disconnected(id, why);
}

bool RelayLinks::Send(Instant now, RelayId relay,
                      const crypto::NodeKey& destination, Bytes packet) {
  const auto it = links_.find(relay);
  return it != links_.end() && it->second->connection &&
         it->second->connection->Send(now, destination, packet);
}

void RelayLinks::Flush() {
  for (auto& [id, link] : links_) {
    if (link->connection) link->connection->Flush();
  }
}

Instant RelayLinks::Next() const {
  if (!retired_.empty()) return Instant::LongAgo();
  Instant next = Instant::Never();
  for (const auto& [id, link] : links_) {
    next = std::min(next, link->retry_at);
    if (link->connection) next = std::min(next, link->connection->Next());
  }
  return next;
}

void RelayLinks::OnTimeout(Instant now) {
  retired_.clear();
  // By id, because a callback may change the map.
  std::vector<RelayId> due;
  for (const auto& [id, link] : links_) {
    const bool connection_due =
        link->connection && now >= link->connection->Next();
    if (now >= link->retry_at || connection_due) due.push_back(id);
  }
  for (const RelayId id : due) {
    const auto it = links_.find(id);
    if (it == links_.end()) continue;
    Link& link = *it->second;
    if (now >= link.retry_at) {
      Connect(id, link);
    } else if (link.connection) {
      link.connection->OnTimeout(now);
    }
  }
}

}  // namespace warren::client
