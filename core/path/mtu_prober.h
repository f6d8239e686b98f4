#ifndef WARREN_CORE_PATH_MTU_PROBER_H_
#define WARREN_CORE_PATH_MTU_PROBER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"

namespace warren::path {

// Finds how large a datagram one direct path carries, by disco pings padded to
// that size: a path that passes small pings may lose full packets, without a
// word (specs 6.11, 10.7). Sizes are of UDP payloads, in bytes.
//
//   sent something ---> ping of full size, answered: all fits, done
//     ---not answered: again, and the smaller sizes too, kRounds in all--->
//     the largest answered fits, the next larger one does not
//
// While it is unknown whether a size fits, send it both ways. When something
// large is sent after kRecheck, the full size is tried again; on a path that
// did not carry it, after kRetry, doubled each time up to kMaxRetry. A path
// that nobody uses is not probed.
class MtuProber {
 public:
  // On the wire, with IP and UDP headers. The smallest passes everywhere (RFC
  // 1122 §3.3.3).
  static constexpr std::array<uint16_t, 4> kWireSizes = {576, 1024, 1200, 1280};
  static constexpr int kRounds = 4;
  static constexpr absl::Duration kRecheck = absl::Seconds(30);
  static constexpr absl::Duration kRetry = absl::Seconds(60);
  static constexpr absl::Duration kMaxRetry = absl::Minutes(10);

  enum class Fit : uint8_t { kYes, kUnknown, kNo };

  // `full_size`: of the datagram that carries a full packet of the tunnel.
  explicit MtuProber(uint16_t full_size) : full_size_(full_size) {
    Restart(net::Family::kV4);
  }

  // The path is another one now, and nothing is known of it.
  void Restart(net::Family family);
  // A datagram of `size` is for the path.
  void OnSent(Instant now, size_t size) {
    if (probing_ || now < recheck_at_) return;
    // A small one is worth a first look at the path, and no more.
    if (size > smallest_ || !known_) Begin(now);
  }
  // The path answered a ping of `size`. True: proven() or limited() is another.
  bool OnPong(Instant now, uint16_t size);
  // The same.
  bool OnTimeout(Instant now, absl::Duration rtt);
  // The sizes to ping with, one by one.
  std::optional<uint16_t> PollPing();
  Instant Next() const { return due_; }

  Fit FitOf(size_t size) const {
    if (size <= proven_) return Fit::kYes;
    return limited_ ? Fit::kNo : Fit::kUnknown;
  }
  // The largest size that is known to pass.
  uint16_t proven() const { return proven_; }
  // Whether larger ones are known not to pass.
  bool limited() const { return limited_; }

 private:
  static constexpr size_t kNumSizes = kWireSizes.size() + 1;
  // Ascending; the last is full_size_.
  uint16_t SizeAt(size_t i) const;
  void Begin(Instant now);
  void Ping(Instant now, absl::Duration rtt);
  void Settle(Instant now);

  const uint16_t full_size_;
  uint16_t smallest_ = 0;  // SizeAt(0)
  uint16_t overhead_ = 0;  // IP and UDP headers
  uint16_t proven_ = 0;
  bool limited_ = false;
  bool known_ = false;  // since a probing ended
  Instant recheck_at_ = Instant::LongAgo();
  absl::Duration retry_ = kRetry;
  // While probing:
  bool probing_ = false;
  int round_ = 0;
  uint16_t answered_ = 0;
  uint8_t to_ping_ = 0;  // bit i: SizeAt(i)
  Instant due_ = Instant::Never();
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_MTU_PROBER_H_
