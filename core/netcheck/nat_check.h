#ifndef WARREN_CORE_NETCHECK_NAT_CHECK_H_
#define WARREN_CORE_NETCHECK_NAT_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"
#include "core/netcheck/probe_queue.h"
#include "core/netcheck/sightings.h"
#include "core/stun/stun.h"

namespace warren::netcheck {

// The questions to a NAT beyond "how do servers see us": by which of their
// ports they see us how, who may send to us, how ports are chosen, whether we
// reach ourselves (RFC 5780 §4.3 to §4.5, RFC 4787).
//
// Filtering and ports are tested from sockets of their own, because what passes
// the main one leaves traces in the NAT: a datagram to a server's other port
// opens the filter for it, and one that comes from there unasked makes some
// NATs give another port to what we send there later.
class NatCheck {
 public:
  static constexpr uint16_t kNumSockets = 4;
  static constexpr size_t kMaxOtherPorts = 8;
  static constexpr int kTries = 3;
  static constexpr absl::Duration kSpacing = absl::Milliseconds(120);
  static constexpr absl::Duration kMaxSpacing = absl::Milliseconds(600);

  // The extra sockets are `first_socket` and up. `queue` must outlive it.
  NatCheck(ProbeQueue& queue, uint16_t first_socket)
      : queue_(queue), first_socket_(first_socket) {}

  // Forgets everything.
  void Start();

  // A server has another port: how does it see the main socket from there?
  void AskOtherPort(Instant now, const net::Endpoint& server,
                    uint16_t other_port, absl::Duration latency);
  // Filtering and the choice of ports, by a server that answers; other_port 0:
  // the choice of ports alone. Once, until Start.
  void AskFromSockets(Instant now, const net::Endpoint& server,
                      uint16_t other_port, absl::Duration latency);
  // Hairpinning: may what we send to our `mapped` endpoint come back?
  void AskOurselves(Instant now, const net::Endpoint& mapped);

  // False if it answers nothing we asked.
  bool OnResponse(Instant now, const net::Endpoint& from,
                  const stun::Response& response);
  // A request came. False if it is not ours.
  bool OnRequest(const stun::TxId& txid);
  void OnTimeout(Instant now);

  bool running() const;
  Instant Next() const;

  // How servers see the main socket from their other ports.
  std::vector<Sighting> sightings() const;
  net::Dependence filtering() const;
  // The public ports of the extra sockets, in the order they were first used.
  std::vector<uint16_t> ports() const;
  std::optional<bool> hairpins() const;
  bool asked_from_sockets() const { return asked_from_sockets_; }

 private:
  enum class Kind : uint8_t { kOtherPort, kPorts, kFilter, kHairpin };
  enum class State : uint8_t { kAsking, kAnswered, kSilent };
  struct Question {
    Kind kind;
    net::Endpoint to;
    Ask ask;
    absl::Duration spacing;
    net::Endpoint only_from = {};  // if set, no other answer counts
    State state = State::kAsking;
    int num_tries = 0;
    Instant next_try = Instant::LongAgo();
    size_t order = 0;         // of the first try
    net::Endpoint seen = {};  // kAnswered
  };
  struct Transaction {
    stun::TxId txid;
    size_t question;
  };
  void Add(Instant now, Question question);
  void SendDue(Instant now);
  const Question* Find(Kind kind) const;

  ProbeQueue& queue_;
  uint16_t first_socket_;
  bool asked_from_sockets_ = false;
  net::Endpoint other_port_;  // of the server that tests filtering
  std::vector<Question> questions_;
  std::vector<Transaction> transactions_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_NAT_CHECK_H_
