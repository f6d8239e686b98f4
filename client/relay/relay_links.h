#ifndef WARREN_CLIENT_RELAY_RELAY_LINKS_H_
#define WARREN_CLIENT_RELAY_RELAY_LINKS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/relay/relay_connection.h"
#include "client/relay/resolver.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/derp/relay_map.h"
#include "io/event_loop.h"

namespace warren::client {

// What the links tell, on the loop's thread. They may call SetMap(),
// SetWanted() and SetHome(), but not destroy the links.
struct RelayLinksCallbacks {
  std::function<void(RelayId)> connected;
  // A login is lost or given up, or an attempt has failed.
  std::function<void(RelayId, const absl::Status& why)> disconnected;
  std::function<void(RelayId, const crypto::NodeKey& source, Bytes packet)>
      packet;
  std::function<void(RelayId)> drained;
  std::function<void(RelayId, const crypto::NodeKey& peer)> peer_gone;
};

// The connections to the relays that are wanted: each is made again when it is
// lost, trying the servers of its region in turn, with exponential back-off and
// full jitter. Not thread-safe: the loop's thread owns it.
class RelayLinks {
 public:
  // Waits between attempts: at most the first after one failure, doubled with
  // each more, up to the second.
  static constexpr absl::Duration kFirstBackOff = absl::Milliseconds(250);
  static constexpr absl::Duration kMaxBackOff = absl::Seconds(5);
  // A login that lasted so long ends the back-off; a relay that throws us out
  // at once is a failure like others.
  static constexpr absl::Duration kStable = absl::Seconds(10);

  // What is passed by reference must outlive this object.
  RelayLinks(io::EventLoop& loop, Rng& rng, Resolver& resolver,
             const crypto::NodePrivateKey& node_key,
             RelayLinksCallbacks callbacks);
  ~RelayLinks();

  // A connection to a server that is gone or has changed is closed, and another
  // server of the region is tried.
  void SetMap(const derp::RelayMap& map);
  // Keeps a connection to `relay`, or closes it.
  void SetWanted(RelayId relay, bool wanted);
  void SetHome(RelayId home);
  // How this network embeds IPv4 addresses (a /96), if it has nothing but IPv6;
  // for connections made from now on.
  void SetNat64(std::optional<net::IpAddress> prefix) { nat64_ = prefix; }

  // Tells which interface of this host has an address; 0: none (any more).
  using InterfaceOf = std::function<uint32_t(const net::IpAddress&)>;
  // The network around this host has changed, or the host has slept. What is
  // waited for is tried now. Connections whose address is gone, or that would
  // leave by another interface now, are made again at once; others must answer
  // a ping (specs 6.10).
  void OnLinkChange(Instant now, const InterfaceOf& interface_of);

  // false: dropped. See RelayConnection::Send.
  bool Send(Instant now, RelayId relay, const crypto::NodeKey& destination,
            Bytes packet);
  void Flush();

  // When OnTimeout() must be called.
  Instant Next() const;
  void OnTimeout(Instant now);

 private:
  struct Link;
  void Connect(RelayId id, Link& link);
  void OnAddresses(RelayId id, uint64_t attempt,
                   const std::vector<net::IpAddress>& addresses);
  void OnLoggedIn(RelayId id, Link& link);
  void OnClosed(RelayId id, Link& link, const absl::Status& why);
  static bool IsCutOff(const Link& link, const InterfaceOf& interface_of);
  // Ends the attempt or connection of `link`; whether it was logged in.
  bool Drop(Link& link);
  // The link that `attempt` is made for; null when it is another's turn.
  Link* Current(RelayId id, uint64_t attempt);
  RelayCallbacks CallbacksFor(RelayId id, uint64_t attempt);

  io::EventLoop& loop_;
  Rng& rng_;
  Resolver& resolver_;
  const crypto::NodePrivateKey node_key_;
  const RelayLinksCallbacks callbacks_;
  derp::RelayMap map_;
  RelayId home_;
  std::optional<net::IpAddress> nat64_;
  // Ordered: what follows from an event must not depend on a hash.
  std::map<RelayId, std::unique_ptr<Link>> links_;
  // Dropped, perhaps inside a callback of theirs; destroyed at the end of the
  // turn.
  std::vector<std::unique_ptr<RelayConnection>> retired_;
  uint64_t num_attempts_ = 0;
  // Answers of the resolver may come when this object is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_RELAY_LINKS_H_
