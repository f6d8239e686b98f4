#ifndef WARREN_CORE_PORTMAP_EXCHANGE_LINE_H_
#define WARREN_CORE_PORTMAP_EXCHANGE_LINE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/portmap/http.h"
#include "core/portmap/mapping.h"

namespace warren::portmap {

// Exchanges of port mapping have ids from here on, those of others below.
inline constexpr uint64_t kFirstExchangeId = uint64_t{1} << 63;

// HTTP exchanges with the router, one after the other.
class ExchangeLine {
 public:
  static constexpr absl::Duration kTimeout = absl::Seconds(5);
  // For what nobody waits for the answer of.
  static constexpr absl::Duration kFarewellTimeout = absl::Seconds(1);

  // `next_id` is counted on, and must outlive it.
  explicit ExchangeLine(uint64_t& next_id) : next_id_(next_id) {}

  // Begins an exchange; one under way is forgotten.
  void Start(Instant now, const net::Endpoint& to, std::string request) {
    // The driver's own timeout comes before ours.
    under_way_ = UnderWay{next_id_, now + kTimeout + absl::Seconds(1)};
    Push(to, std::move(request), kTimeout);
  }
  // Sends what needs no answer.
  void Say(const net::Endpoint& to, std::string request) {
    Push(to, std::move(request), kFarewellTimeout);
  }
  // Whether `id` is the exchange under way; it ends.
  bool Finish(uint64_t id) {
    const bool ours = under_way_ && under_way_->id == id;
    if (ours) under_way_.reset();
    return ours;
  }
  // Whether the driver has left the one under way without an answer; it ends.
  bool TakeTimeout(Instant now) {
    const bool late = now >= Next();
    if (late) under_way_.reset();
    return late;
  }
  void Stop() { under_way_.reset(); }
  bool busy() const { return under_way_.has_value(); }
  Instant Next() const {
    return under_way_ ? under_way_->deadline : Instant::Never();
  }
  std::optional<Exchange> Poll() {
    if (out_.empty()) return std::nullopt;
    Exchange exchange = std::move(out_.front());
    out_.pop_front();
    return exchange;
  }

 private:
  struct UnderWay {
    uint64_t id;
    Instant deadline;
  };
  void Push(const net::Endpoint& to, std::string request,
            absl::Duration timeout) {
    out_.push_back(
        {next_id_++, to, std::move(request), kMaxHttpResponse, timeout});
  }

  uint64_t& next_id_;
  std::optional<UnderWay> under_way_;
  std::deque<Exchange> out_;
};

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_EXCHANGE_LINE_H_
