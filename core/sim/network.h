#ifndef WARREN_CORE_SIM_NETWORK_H_
#define WARREN_CORE_SIM_NETWORK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/net/ip.h"
#include "core/sim/nat.h"
#include "core/sim/site.h"
#include "core/sim/world.h"

namespace warren::sim {

// The way between a host's site and the middle of the internet. What stays on
// the LAN does not take it.
struct Link {
  absl::Duration delay = absl::Milliseconds(5);  // each direction
  absl::Duration jitter;  // up to so much more: datagrams overtake each other
  double loss = 0;        // of UDP datagrams, on each passage
  double duplication = 0;
  size_t mtu = 1500;  // what is larger, headers included, vanishes silently
  bool udp_blocked = false;
};

// A machine with a main UDP socket, and for a while sometimes more.
struct Host {
  // `from` tells the socket it came through, too.
  using Receive =
      std::function<void(const net::Endpoint& from, std::vector<uint8_t>)>;

  std::string name;
  net::IpAddress address;  // 0.0.0.0: it has no IPv4
  std::optional<net::IpAddress> address6;
  uint16_t port = 41641;
  std::map<uint16_t, uint16_t> more_ports;  // of other sockets, by index
  Site* site = nullptr;
  Nat* nat = nullptr;      // of the site; null: none
  uint32_t interface = 0;  // another one in each place
  Link link;
  bool up = true;  // else it neither sends nor receives
  Receive receive;

  net::Endpoint local() const { return {address, port}; }
  bool has_v4() const { return !address.IsUnspecified(); }
  // The port of a socket, and the socket of a port.
  std::optional<uint16_t> PortOf(uint16_t socket) const;
  std::optional<uint16_t> SocketOf(uint16_t local_port) const;
};

// Carries datagrams between hosts: through NATs and firewalls, with delay,
// jitter, loss and duplication.
class Network {
 public:
  explicit Network(World& world) : world_(world) {}

  Site& AddSite(const SiteKind& kind, Site* outer = nullptr);
  Host& AddHost(absl::string_view name, Site& site);
  // In a site of its own; `kind` kOpen: with a public address.
  Host& AddHost(absl::string_view name, const NatKind& kind = kOpen);
  // On the LAN of `neighbour`.
  Host& AddNeighbour(absl::string_view name, Host& neighbour);

  // The host is somewhere else now, with other addresses.
  void Move(Host& host, Site& site);
  void Move(Host& host, const NatKind& kind);
  // It loses its IPv6 address, or gets one again if its site has IPv6.
  void SetV6(Host& host, bool on);
  // The router gets another address outside, and forgets all mappings.
  void Renumber(Site& site);

  // By the socket that `to` names; lost if there is none.
  void SendUdp(Host& from, const net::Endpoint& to, std::vector<uint8_t> bytes);
  // Datagrams between the two are lost, or no longer; both directions.
  void Cut(const Host& a, const Host& b, bool cut);
  uint64_t num_sent() const { return num_sent_; }
  // Called for every datagram a host sends: what an eavesdropper sees.
  using Tap = std::function<void(const Host& from, const net::Endpoint& to,
                                 const std::vector<uint8_t>& bytes)>;
  void SetTap(Tap tap) { tap_ = std::move(tap); }
  // What became of the latest datagram of `from` to `to` that arrived.
  struct Arrival {
    const Host* host = nullptr;  // null: none did
    Instant at;
  };
  Arrival LastReached(const Host& from, const net::Endpoint& to) const;

 private:
  struct Datagram {
    Host* from;
    net::Endpoint written_to;  // by the sender
    Flight flight;
    bool crossed = false;  // left the LAN
    std::vector<uint8_t> bytes;
  };
  // Who has an address in a network.
  struct Attached {
    Host* host = nullptr;
    Site* site = nullptr;  // a router's outside
  };
  // Null is the internet.
  using Place = std::pair<const Site*, net::IpAddress>;

  // A new one in the network of `outer`.
  net::IpAddress OutsideAddress(const Site* outer);
  void Attach(Host& host);
  void Detach(const Host& host);
  const Attached* Find(const Site* network, const net::IpAddress& to) const;
  // Takes it outward, to the network that knows its destination; nullopt: it
  // was dropped on the way.
  std::optional<const Site*> Climb(Datagram& datagram);
  void AnswerMapper(const Site* site, const Datagram& datagram);
  // Takes it inward from `network`.
  void Arrive(const Site* network, Datagram datagram);
  void Deliver(Host& host, Datagram datagram);
  // How long the passage over a link takes; nullopt: it is lost.
  std::optional<absl::Duration> Pass(const Link& link,
                                     const Datagram& datagram);
  bool Happens(double probability);

  World& world_;
  std::vector<std::unique_ptr<Site>> sites_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::map<Place, Attached> attached_;
  std::map<const Site*, uint32_t> num_hosts_;  // that it ever had
  std::set<std::pair<std::string, std::string>> cuts_;
  std::map<std::pair<const Host*, net::Endpoint>, Arrival> reached_;
  uint32_t num_outside_ = 0;
  uint64_t num_sent_ = 0;
  Tap tap_;
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_NETWORK_H_
