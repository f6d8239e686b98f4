#ifndef WARREN_CORE_FILTER_FLOW_TABLE_H_
#define WARREN_CORE_FILTER_FLOW_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"

namespace warren::filter {

// One conversation, from our side.
struct Flow {
  uint8_t protocol = 0;
  net::Endpoint local;
  net::Endpoint remote;

  friend bool operator==(const Flow&, const Flow&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Flow& f) {
    return H::combine(std::move(h), f.protocol, f.local, f.remote);
  }
};

// Conversations of one kind, such as those this node began lately. Bounded: the
// one unused longest makes room. Allocates when it is made, not per packet.
class FlowTable {
 public:
  // Stock keeps 512 flows and forgets none by age. A DNS resolver behind one
  // node has more; 4096 cost about 0.5 MB.
  static constexpr size_t kMaxFlows = 4096;
  // RFC 4787 §4.3 recommends 5 minutes: an answer later than that is a new
  // conversation, and needs a rule.
  static constexpr absl::Duration kIdle = absl::Minutes(5);

  FlowTable();

  // It is in use now; a new one comes in.
  void Remember(Instant now, const Flow& flow);
  // Whether it is known and was used within kIdle. Then this is use of it.
  bool Admit(Instant now, const Flow& flow);
  // Whether it is known, however long unused.
  bool Has(const Flow& flow) const { return index_.contains(flow); }
  void Erase(const Flow& flow);
  // It has probably ended: the next to make room.
  void Retire(const Flow& flow);
  // From the one unused longest.
  std::vector<Flow> All() const;
  size_t size() const { return index_.size(); }

 private:
  // Slot 0 is the head of a ring: next is the newest, previous the oldest. A
  // slot without a flow has protocol 0.
  struct Slot {
    Flow flow;
    Instant last_used;
    uint32_t previous = 0;
    uint32_t next = 0;
  };
  void Touch(Instant now, uint32_t slot);
  void Unlink(uint32_t slot);
  void LinkAsNewest(uint32_t slot);
  void LinkAsOldest(uint32_t slot);

  std::vector<Slot> slots_;
  absl::flat_hash_map<Flow, uint32_t> index_;
};

}  // namespace warren::filter

#endif  // WARREN_CORE_FILTER_FLOW_TABLE_H_
