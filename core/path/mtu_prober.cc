#include "core/path/mtu_prober.h"

#include <bit>

namespace warren::path {
namespace {

constexpr absl::Duration kMinWait = absl::Milliseconds(200);
constexpr absl::Duration kMaxWait = absl::Milliseconds(1500);
// So many pings of a size that passed before may be lost by bad luck.
constexpr int kPatience = 2;

}  // namespace

void MtuProber::Restart(net::Family family) {
  overhead_ = family == net::Family::kV4 ? 28 : 48;
  smallest_ = SizeAt(0);
  proven_ = smallest_;
  limited_ = known_ = probing_ = false;
  recheck_at_ = Instant::LongAgo();
  retry_ = kRetry;
  to_ping_ = 0;
  due_ = Instant::Never();
}

bool MtuProber::OnPong(Instant now, uint16_t size) {
  const uint16_t proven_before = proven_;
  const bool limited_before = limited_;
  answered_ = std::max(answered_, size);
  proven_ = std::max(proven_, size);
  if (size >= full_size_) Settle(now);
  return proven_ != proven_before || limited_ != limited_before;
}

bool MtuProber::OnTimeout(Instant now, absl::Duration rtt) {
  if (now < due_) return false;
  const uint16_t proven_before = proven_;
  const bool limited_before = limited_;
  if (round_ == kRounds) {
    Settle(now);
  } else {
    Ping(now, rtt);
  }
  return proven_ != proven_before || limited_ != limited_before;
}

std::optional<uint16_t> MtuProber::PollPing() {
  if (to_ping_ == 0) return std::nullopt;
  const int i = std::countr_zero(to_ping_);
  to_ping_ = static_cast<uint8_t>(to_ping_ & ~(1u << i));
  return SizeAt(static_cast<size_t>(i));
}

uint16_t MtuProber::SizeAt(size_t i) const {
  if (i == kWireSizes.size()) return full_size_;
  return std::min<uint16_t>(static_cast<uint16_t>(kWireSizes[i] - overhead_),
                            full_size_);
}

void MtuProber::Begin(Instant now) {
  if (full_size_ <= smallest_) return;
  probing_ = true;
  round_ = 0;
  answered_ = 0;
  due_ = now;
}

void MtuProber::Ping(Instant now, absl::Duration rtt) {
  const uint16_t answered = std::max(answered_, smallest_);
  if (round_ == kPatience) proven_ = answered;
  to_ping_ = 1u << kWireSizes.size();
  for (size_t i = 0; round_ > 0 && i < kWireSizes.size(); ++i) {
    const uint16_t size = SizeAt(i);
    if (size > answered && size < full_size_) {
      to_ping_ = static_cast<uint8_t>(to_ping_ | 1u << i);
    }
  }
  ++round_;
  due_ = now + std::clamp(3 * rtt, kMinWait, kMaxWait);
}

void MtuProber::Settle(Instant now) {
  probing_ = false;
  known_ = true;
  to_ping_ = 0;
  due_ = Instant::Never();
  proven_ = std::max(answered_, smallest_);
  limited_ = proven_ < full_size_;
  recheck_at_ = now + (limited_ ? retry_ : kRecheck);
  retry_ = limited_ ? std::min(2 * retry_, kMaxRetry) : kRetry;
}

}  // namespace warren::path
