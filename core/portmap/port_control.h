#ifndef WARREN_CORE_PORTMAP_PORT_CONTROL_H_
#define WARREN_CORE_PORTMAP_PORT_CONTROL_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/portmap/epoch.h"
#include "core/portmap/mapping.h"
#include "core/portmap/nat_pmp.h"
#include "core/portmap/pcp.h"
#include "core/portmap/retransmission.h"

namespace warren::portmap {

// The router lets our port be reached at `external`, for `lifetime` from now.
struct Granted {
  Protocol protocol = Protocol::kPcp;
  net::Endpoint external;
  absl::Duration lifetime;
};
// The request has failed. UNAVAILABLE: no answer; else the router refuses, and
// will for `retry_after`, if it said so.
struct Failed {
  Protocol protocol = Protocol::kPcp;
  absl::Status why;
  absl::Duration retry_after;
};
// What the router did for us is gone or has changed: ask anew.
struct Lost {};
using ClientEvent = std::variant<Granted, Failed, Lost>;

// A grant below this is none: to keep it would be a packet every few seconds.
inline constexpr absl::Duration kMinLifetime = absl::Seconds(20);

// Talks to port 5351 of one router, by PCP and NAT-PMP, about one UDP port of
// ours. One request at a time; an answer is an answer, however late it comes.
class PortControl {
 public:
  // For the router `gateway`, which is Mappable(), and our port.
  PortControl(Rng& rng, const Gateway& gateway, uint16_t local_port);

  // Asks what the router speaks.
  void Probe(Instant now);
  // Asks for a mapping, like `suggested` if that is set. Ends in one Granted or
  // Failed, unless another request takes its place.
  void Request(Instant now, Protocol protocol, const net::Endpoint& suggested);
  // Asks once whether the router still is what it was; Lost follows if not.
  void Check(Protocol protocol);
  // Ends the mapping, as far as one datagram does.
  void Delete(Protocol protocol);
  // Forgets what is under way.
  void Stop();

  // From the router's port 5351. False: it is not understood.
  bool OnDatagram(Instant now, Bytes datagram);
  void OnTimeout(Instant now);
  Instant Next() const;

  std::optional<bool> pcp() const { return seen_.pcp; }
  std::optional<bool> nat_pmp() const { return seen_.nat_pmp; }

  std::optional<Datagram> PollDatagram();
  std::optional<ClientEvent> PollEvent();

 private:
  // The clock of each protocol runs on its own.
  struct Epochs {
    Epoch pcp;
    Epoch nat_pmp;
  };
  struct Output {
    std::deque<Datagram> datagrams;
    std::deque<ClientEvent> events;
  };
  bool OnPcp(Instant now, const PcpReply& reply);
  bool OnPmp(Instant now, const PmpReply& reply);
  void OnPmpAddress(const net::IpAddress& address);
  void OnPcpMap(const PcpReply& reply);
  void OnPmpMap(const PmpReply& reply);
  void GrantPmp();
  void Grant(const Granted& granted);
  void Fail(Protocol protocol, absl::Status why, absl::Duration retry_after);
  void SendProbe();
  void SendRequest();
  void Send(std::vector<uint8_t> bytes);
  PcpMapRequest PcpRequest(absl::Duration lifetime) const;

  const Gateway gateway_;
  const uint16_t local_port_;
  PcpNonce nonce_;
  Services seen_;
  Epochs epochs_;
  Retransmission probe_;
  Retransmission request_;
  Protocol protocol_ = Protocol::kPcp;  // of the request
  net::Endpoint suggested_;
  // NAT-PMP tells address and port apart.
  std::optional<net::IpAddress> pmp_address_;
  std::optional<PmpReply::Map> pmp_map_;  // granted, but the address is unknown
  Output out_;
};

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_PORT_CONTROL_H_
