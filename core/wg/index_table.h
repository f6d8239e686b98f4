#ifndef WARREN_CORE_WG_INDEX_TABLE_H_
#define WARREN_CORE_WG_INDEX_TABLE_H_

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "core/base/rng.h"
#include "core/net/packet_batch.h"

namespace warren::wg {

class Session;

// The indices by which peers address our handshakes and sessions: random, so
// that they tell nothing and cannot be guessed, and unique in one device.
class IndexTable {
 public:
  struct Owner {
    net::PeerIndex peer = net::kNoPeer;
    Session* session = nullptr;  // null: a handshake that waits for its answer
  };

  // Null if the index is nobody's. Valid until the next change.
  const Owner* Find(uint32_t index) const {
    const auto found = owners_.find(index);
    return found == owners_.end() ? nullptr : &found->second;
  }

 private:
  friend class IndexLease;
  absl::flat_hash_map<uint32_t, Owner> owners_;
};

// Holds one index of a table, and gives it back when it ends. The table must
// outlive it.
class IndexLease {
 public:
  IndexLease(IndexTable& table, Rng& rng, net::PeerIndex peer)
      : table_(&table) {
    do {
      index_ = rng.U32();
    } while (
        !table.owners_.try_emplace(index_, IndexTable::Owner{peer}).second);
  }
  IndexLease(IndexLease&& other) noexcept
      : table_(std::exchange(other.table_, nullptr)), index_(other.index_) {}
  IndexLease& operator=(IndexLease&&) = delete;
  ~IndexLease() {
    if (table_ != nullptr) table_->owners_.erase(index_);
  }

  uint32_t value() const { return index_; }
  // Makes data with this index go to `session`.
  void PointTo(Session* session) { table_->owners_[index_].session = session; }

 private:
  IndexTable* table_;
  uint32_t index_ = 0;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_INDEX_TABLE_H_
