#include "core/wg/deadline_queue.h"

namespace warren::wg {

void DeadlineQueue::Put(size_t place, const Entry& entry) {
  heap_[place] = entry;
  place_[entry.peer] = static_cast<uint32_t>(place);
}

void DeadlineQueue::Up(size_t place) {
  const Entry entry = heap_[place];
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (!(entry < heap_[parent])) break;
    Put(place, heap_[parent]);
    place = parent;
  }
  Put(place, entry);
}

void DeadlineQueue::Down(size_t place) {
  const Entry entry = heap_[place];
  while (true) {
    size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
    if (!(heap_[child] < entry)) break;
    Put(place, heap_[child]);
    place = child;
  }
  Put(place, entry);
}

void DeadlineQueue::Set(net::PeerIndex peer, Instant at) {
  size_t place;
  if (!Holds(peer)) {
    if (at.IsNever()) return;
    if (peer >= place_.size()) place_.resize(peer + size_t{1}, kNowhere);
    place = heap_.size();
    heap_.push_back({at, peer});
    Put(place, {at, peer});
  } else if (at.IsNever()) {
    place = place_[peer];
    const Entry last = heap_.back();
    heap_.pop_back();
    place_[peer] = kNowhere;
    if (place == heap_.size()) return;
    Put(place, last);
  } else {
    place = place_[peer];
    heap_[place].at = at;
  }
  const net::PeerIndex moved = heap_[place].peer;
  Up(place);
  Down(place_[moved]);
}

}  // namespace warren::wg
