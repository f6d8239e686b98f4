#ifndef WARREN_RELAY_CONNECTION_SLOT_H_
#define WARREN_RELAY_CONNECTION_SLOT_H_

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace warren::relay {

// One of a bounded number of connections; gives its place back when it goes.
// Thread-safe where it counts.
class ConnectionSlot {
 public:
  // nullopt when `max` are taken. `taken` must outlive the slot.
  static std::optional<ConnectionSlot> Take(std::atomic<size_t>& taken,
                                            size_t max) {
    if (taken.fetch_add(1) < max) return ConnectionSlot(&taken);
    taken.fetch_sub(1);
    return std::nullopt;
  }
  ConnectionSlot(ConnectionSlot&& other) noexcept
      : taken_(std::exchange(other.taken_, nullptr)) {}
  ConnectionSlot& operator=(ConnectionSlot&&) = delete;
  ~ConnectionSlot() {
    if (taken_ != nullptr) taken_->fetch_sub(1);
  }

 private:
  explicit ConnectionSlot(std::atomic<size_t>* taken) : taken_(taken) {}
  std::atomic<size_t>* taken_;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_CONNECTION_SLOT_H_
