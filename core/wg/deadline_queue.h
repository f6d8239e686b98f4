#ifndef WARREN_CORE_WG_DEADLINE_QUEUE_H_
#define WARREN_CORE_WG_DEADLINE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/instant.h"
#include "core/net/packet_batch.h"

namespace warren::wg {

// The peers in the order of their next deadlines: a binary heap that knows
// where each peer stands in it, so that a peer is there at most once and a
// change costs O(log n). Peers due at one instant come in index order.
class DeadlineQueue {
 public:
  // Puts `peer` at `at`; Never takes it out.
  void Set(net::PeerIndex peer, Instant at);
  // Puts `peer` at `at` unless it is there earlier already. Costs one
  // comparison then, which is what a packet costs.
  void Lower(net::PeerIndex peer, Instant at) {
    if (at < At(peer)) Set(peer, at);
  }
  void Remove(net::PeerIndex peer) { Set(peer, Instant::Never()); }

  bool empty() const { return heap_.empty(); }
  // The first in order; the queue must not be empty.
  net::PeerIndex FirstPeer() const { return heap_.front().peer; }
  Instant FirstAt() const { return heap_.front().at; }
  // Where `peer` stands, or Never.
  Instant At(net::PeerIndex peer) const {
    return Holds(peer) ? heap_[place_[peer]].at : Instant::Never();
  }

 private:
  struct Entry {
    Instant at;
    net::PeerIndex peer;
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.at < b.at || (a.at == b.at && a.peer < b.peer);
    }
  };
  static constexpr uint32_t kNowhere = UINT32_MAX;

  bool Holds(net::PeerIndex peer) const {
    return peer < place_.size() && place_[peer] != kNowhere;
  }
  void Put(size_t place, const Entry& entry);
  void Up(size_t place);
  void Down(size_t place);

  std::vector<Entry> heap_;
  std::vector<uint32_t> place_;  // of each peer in heap_, by its index
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_DEADLINE_QUEUE_H_
