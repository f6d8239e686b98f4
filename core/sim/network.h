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
#include "core/sim/world.h"

namespace warren::sim {

// The way between a host and the middle of the internet.
struct Link {
  absl::Duration delay = absl::Milliseconds(5);  // each direction
  double loss = 0;  // of UDP datagrams, on each passage
  bool udp_blocked = false;
};

// A machine with a main UDP socket, and for a while sometimes more.
struct Host {
  // `from` tells the socket it came through, too.
  using Receive =
      std::function<void(const net::Endpoint& from, std::vector<uint8_t>)>;

  std::string name;
  net::IpAddress address;  // private if behind a NAT
  uint16_t port = 41641;
  std::map<uint16_t, uint16_t> more_ports;  // of other sockets, by index
  std::shared_ptr<Nat> nat;  // null: on the internet itself; shared: one LAN
  Link link;
  Receive receive;

  net::Endpoint local() const { return {address, port}; }
  // The port of a socket, and the socket of a port.
  std::optional<uint16_t> PortOf(uint16_t socket) const;
  std::optional<uint16_t> SocketOf(uint16_t local_port) const;
};

// Carries datagrams between hosts: NATs, delay, loss. Nothing is reordered.
class Network {
 public:
  explicit Network(World& world) : world_(world) {}

  // `kind` kOpen: a public address; else behind a NAT of its own.
  Host& AddHost(absl::string_view name, const NatKind& kind = kOpen);
  // Behind the same NAT as `neighbour`, on its LAN.
  Host& AddNeighbour(absl::string_view name, Host& neighbour);

  // The host is somewhere else now: other addresses, another NAT.
  void Move(Host& host, const NatKind& kind);

  // By the socket that `to` names; lost if there is none.
  void SendUdp(Host& from, const net::Endpoint& to, std::vector<uint8_t> bytes);
  // Datagrams between the two are lost, or no longer; both directions.
  void Cut(const Host& a, const Host& b, bool cut);
  uint64_t num_sent() const { return num_sent_; }
  // Called for every datagram a host sends: what an eavesdropper sees.
  using Tap = std::function<void(const Host& from, const net::Endpoint& to,
                                 const std::vector<uint8_t>& bytes)>;
  void SetTap(Tap tap) { tap_ = std::move(tap); }

 private:
  void Place(Host& host, const NatKind& kind);
  // A host, and which of its sockets; no host: nobody.
  struct Target {
    Host* host = nullptr;
    uint16_t socket = 0;
  };
  void Deliver(Host& from, const Target& to, const net::Endpoint& source,
               std::vector<uint8_t> bytes);
  // What a datagram reaches, through its NAT.
  Target Reached(const net::Endpoint& source, const net::Endpoint& to);
  Target Find(const net::Endpoint& local, const Nat* nat);
  bool Lost(const Host& host);

  World& world_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::set<std::pair<std::string, std::string>> cuts_;
  uint32_t num_places_ = 0;
  uint64_t num_sent_ = 0;
  Tap tap_;
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_NETWORK_H_
