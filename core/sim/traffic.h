#ifndef WARREN_CORE_SIM_TRAFFIC_H_
#define WARREN_CORE_SIM_TRAFFIC_H_

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/sim/lab.h"
#include "core/sim/sim_node.h"

namespace warren::sim {

// Numbered packets of the apps, from every node to every other, and which of
// them arrived in time.
class Traffic {
 public:
  // A packet later than this is as good as lost.
  static constexpr absl::Duration kLate = absl::Seconds(1);

  // Of `world`; all must outlive it. Send() will be called each `interval`,
  // with pauses.
  Traffic(World& world, std::vector<SimNode*> nodes, absl::Duration interval)
      : world_(world), nodes_(std::move(nodes)), interval_(interval) {}

  // Each node that is online sends to each other that is; then takes what
  // has arrived.
  void Send();
  void Collect();

  // A time in which everything that one node sent to another was lost, or all
  // that was large: from the first such packet to one interval after the last.
  struct Outage {
    size_t from = 0;
    size_t to = 0;
    Instant begin;
    Instant end;
    size_t num_lost = 0;
    bool large = false;
    bool over = false;  // later ones have arrived
  };
  // All that began or went on after `since`, of packets that had the time to
  // arrive.
  std::vector<Outage> Outages(Instant since) const;
  using Flow = std::pair<size_t, size_t>;  // from, to
  // The flows of which nothing has arrived that was sent at `since` or later.
  std::vector<Flow> Missing(Instant since) const;

 private:
  // Some packets are as large as the tunnel carries: each tenth.
  static constexpr size_t kLargeEach = 10;
  struct Packet {
    Instant sent;
    bool arrived = false;
  };
  // Of those whose number is a multiple of `each`.
  void AddOutages(const Flow& flow, const std::vector<Packet>& packets,
                  Instant since, size_t each,
                  std::vector<Outage>& outages) const;

  World& world_;
  const std::vector<SimNode*> nodes_;
  const absl::Duration interval_;
  std::map<Flow, std::vector<Packet>> flows_;
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_TRAFFIC_H_
