#ifndef WARREN_CORE_PORTMAP_MAPPER_H_
#define WARREN_CORE_PORTMAP_MAPPER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/portmap/igd_client.h"
#include "core/portmap/mapping.h"
#include "core/portmap/port_control.h"
#include "core/portmap/retransmission.h"

namespace warren::portmap {

// Keeps a public UDP port mapped to ours, as long as there is a router that
// does it: by PCP, else by NAT-PMP, else by UPnP, whatever it turns out to
// speak.
//
//   search --a service answers--> request --granted--> mapped
//     |   <--refused, another?------'  ^                  |
//   nothing                            '--half its life,--'
//     v                                   reboot, other address
//   wait: for a late answer; else for a Check() after 30 s, doubling to 30 min
//
// What a router says is not believed: a mapping is a candidate for peers to
// probe, as any other, and only a pong proves it (specs/dataplane.md 5.3). UPnP
// mappings are read back before they count, and the caller can hold `external`
// against what STUN sees. Only datagrams from the router's own address count;
// only that address is sent anything (SSDP's multicast apart); nothing that it
// says makes us send more than a few dozen packets in a round.
class Mapper {
 public:
  // UPnP routers may take 2 s to answer a search (MX).
  static constexpr absl::Duration kSearch = absl::Seconds(3);
  // As long as something better may yet answer.
  static constexpr absl::Duration kPatience = absl::Milliseconds(250);
  static constexpr absl::Duration kFirstWait = absl::Seconds(30);
  static constexpr absl::Duration kLongestWait = absl::Minutes(30);
  // Between two looks at what is: a datagram, or two exchanges.
  static constexpr absl::Duration kCheckInterval = absl::Seconds(5);
  static constexpr absl::Duration kUpnpCheckInterval = absl::Minutes(1);
  // Between two renewals for other reasons than age.
  static constexpr absl::Duration kHastyInterval = absl::Seconds(10);

  // `rng` must outlive it.
  explicit Mapper(Rng& rng) : rng_(rng) {}

  // The way out of this network, and our UDP port. Another one ends the mapping
  // and begins a new search. Not set, not Mappable(), or no port: no mapping.
  void SetGateway(Instant now, const std::optional<Gateway>& gateway,
                  uint16_t local_port);
  // Ends the mapping, as well as one datagram or exchange can, and rests.
  void Release(Instant now) { SetGateway(now, std::nullopt, 0); }

  // Came through the socket for port mapping. False: not from the router, or
  // not understood.
  bool OnDatagram(Instant now, const net::Endpoint& from, Bytes datagram);
  // The answer to an exchange. False: not to one that is waited for.
  bool OnExchange(Instant now, uint64_t id,
                  const absl::StatusOr<std::string>& response);
  // STUN sees us at `address`. Another than before: the router's is likely to
  // have changed, so the mapping is renewed.
  void OnPublicAddress(Instant now, const net::IpAddress& address);
  // Peers are about to be told where we are: looks whether the router still
  // knows the mapping, unless that was just done; or, when the wait is over,
  // searches again. A node that nobody speaks to does not.
  void Check(Instant now);
  void OnTimeout(Instant now);
  Instant Next() const;

  std::optional<Datagram> PollDatagram();
  bool has_datagrams() const { return !out_.datagrams.empty(); }
  std::optional<Exchange> PollExchange();

  // There is a router to talk to: the socket is wanted.
  bool active() const { return router_.has_value(); }
  // What holds now.
  const std::optional<Mapping>& mapping() const { return mapping_; }
  const Services& services() const { return services_; }
  // Why there is no mapping, for people. OK: there is one, or it is too early.
  const absl::Status& trouble() const { return trouble_; }

 private:
  enum class Phase : uint8_t { kSearch, kRequest, kMapped, kWait };
  // One router, and all that is under way with it.
  struct Router {
    Router(Rng& rng, uint64_t& next_id, const Gateway& to, uint16_t port)
        : gateway(to),
          local_port(port),
          wish(net::IpAddress(), port),
          control(rng, to, port),
          igd(rng, next_id, to, port) {}
    const Gateway gateway;
    const uint16_t local_port;
    net::Endpoint wish;  // what we last had; before that, our own port
    PortControl control;
    IgdClient igd;
  };
  // A search, and what came of it.
  struct Round {
    Phase phase = Phase::kWait;
    Instant began;
    bool search_over = false;
    Retransmission search;  // by SSDP
    Protocol asking = Protocol::kPcp;
    bool tried[3] = {};      // by protocol
    bool renewing = false;   // kRequest: of what was granted before
    bool replacing = false;  // what we have is likely to be gone
    absl::Duration refused_for;
    Instant due = Instant::Never();  // of the phase
  };
  struct Last {
    Instant check = Instant::LongAgo();
    Instant request = Instant::LongAgo();
    std::optional<net::IpAddress> public_address;
    int failures = 0;  // rounds in a row
  };
  struct Output {
    std::deque<Datagram> datagrams;
    std::deque<Exchange> exchanges;
  };

  void BeginRound(Instant now);
  void SendSearches();
  // What this round has shown so far.
  std::optional<bool> Seen(Protocol protocol) const;
  // Asks the best service there is, waits for one to answer, or gives up.
  void Decide(Instant now);
  std::optional<Protocol> BestUntried(Instant now) const;
  void Request(Instant now, Protocol protocol);
  // Asks once more for what we have, `pause` after the last request at the
  // earliest. If that is gone, it counts no more: peers then hear of the new
  // mapping even if it is the same port.
  void Renew(Instant now, absl::Duration pause);
  // Follows what the clients say and want.
  void Drain(Instant now);
  void CollectOutput();
  void OnGranted(Instant now, const Granted& granted);
  void OnFailed(Instant now, const Failed& failed);
  void OnLost(Instant now);
  void Delete(const Mapping& mapping);
  void Wait(Instant now);

  Rng& rng_;
  uint64_t next_exchange_id_ = kFirstExchangeId;
  std::optional<Router> router_;
  Round round_;
  Last last_;
  std::optional<Mapping> mapping_;
  Services services_;
  absl::Status trouble_;
  Output out_;
};

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_MAPPER_H_
