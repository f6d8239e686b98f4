#ifndef WARREN_IO_HISTOGRAM_H_
#define WARREN_IO_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace warren::io {

// How long things took, as Prometheus counts it: how many were at most so
// long, for a fixed row of bounds. Any thread may add and read; a reading taken
// while others add may lack the last of them.
class Histogram {
 public:
  // In seconds. From a commit to a fast disk to a node that does not read.
  static constexpr std::array<double, 14> kBounds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,  0.5,    1,     2.5,  10,    60};

  struct Reading {
    // Of at most kBounds[i], and not of the bounds before; the last are longer
    // than all.
    std::array<uint64_t, kBounds.size() + 1> buckets = {};
    double sum_seconds = 0;
  };

  // A negative duration counts as none.
  void Add(absl::Duration took) {
    const double seconds =
        took < absl::ZeroDuration() ? 0 : absl::ToDoubleSeconds(took);
    size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(static_cast<uint64_t>(seconds * 1e6),
                      std::memory_order_relaxed);
  }
  Reading Read() const {
    Reading out;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      out.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    }
    out.sum_seconds = static_cast<double>(sum_us_.load()) / 1e6;
    return out;
  }

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> buckets_ = {};
  std::atomic<uint64_t> sum_us_ = 0;
};

}  // namespace warren::io

#endif  // WARREN_IO_HISTOGRAM_H_
