#ifndef WARREN_CORE_NETCHECK_PROBE_QUEUE_H_
#define WARREN_CORE_NETCHECK_PROBE_QUEUE_H_

#include <cstddef>
#include <deque>
#include <optional>

#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/netcheck/probe.h"
#include "core/stun/stun.h"

namespace warren::netcheck {

// A request that may still be answered.
struct SentProbe {
  stun::TxId txid;
  Instant at;
  size_t order = 0;  // among all that were sent
};

// Requests on their way out, numbered: in this order a NAT sees them.
class ProbeQueue {
 public:
  // `rng` must outlive it.
  explicit ProbeQueue(Rng& rng) : rng_(rng) {}

  SentProbe Push(Instant now, const net::Endpoint& to, Ask ask) {
    const SentProbe sent{stun::NewTxId(rng_), now, num_sent_++};
    probes_.push_back({to, sent.txid, ask});
    return sent;
  }
  std::optional<Probe> Poll() {
    if (probes_.empty()) return std::nullopt;
    const Probe probe = probes_.front();
    probes_.pop_front();
    return probe;
  }
  void Clear() { probes_.clear(); }

 private:
  Rng& rng_;
  size_t num_sent_ = 0;
  std::deque<Probe> probes_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_PROBE_QUEUE_H_
