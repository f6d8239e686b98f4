#ifndef WARREN_CORE_ENGINE_EXCHANGES_H_
#define WARREN_CORE_ENGINE_EXCHANGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace warren::engine {

// Whose question an ExchangeWanted is.
enum class Asker : uint8_t { kCaptivePortal, kPortMapping };

// The exchanges that wait for an answer, by the id of their ExchangeWanted.
class Exchanges {
 public:
  static constexpr size_t kMax = 32;  // the oldest is forgotten

  struct Pending {
    Asker asker;
    uint64_t tag;  // the asker's own name for it
  };
  // The id for a new ExchangeWanted; never 0, never one of before.
  uint64_t Add(Asker asker, uint64_t tag) {
    if (pending_.size() == kMax) pending_.erase(pending_.begin());
    pending_.emplace(++last_id_, Pending{asker, tag});
    return last_id_;
  }
  // Who asked; nullopt: nobody who still waits. Each id once.
  std::optional<Pending> Take(uint64_t id) {
    const auto it = pending_.find(id);
    if (it == pending_.end()) return std::nullopt;
    const Pending pending = it->second;
    pending_.erase(it);
    return pending;
  }

 private:
  uint64_t last_id_ = 0;
  std::map<uint64_t, Pending> pending_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_EXCHANGES_H_
