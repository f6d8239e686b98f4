#ifndef WARREN_CONTROL_STORE_STORE_METRICS_H_
#define WARREN_CONTROL_STORE_STORE_METRICS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "io/histogram.h"

namespace warren::control {

// What a store has done since it was opened. Thread-safe.
class StoreMetrics {
 public:
  struct Reading {
    uint64_t committed = 0;  // transactions
    uint64_t failed = 0;     // nothing of them is there
    uint64_t refused = 0;    // writes that a constraint or condition refused
    // Of transactions, from BEGIN until they are durable, without the work
    // between the writes of a batch.
    io::Histogram::Reading commit_time;
    std::map<std::string, uint64_t> audit_rows;  // durable ones, by action
  };

  // A transaction has ended; with the actions of its audit rows when it is OK.
  void OnTransaction(const absl::Status& status, absl::Duration took,
                     const std::vector<std::string>& actions)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    commit_time_.Add(took);
    absl::MutexLock lock(&mutex_);
    ++(status.ok() ? counts_.committed : counts_.failed);
    if (!status.ok()) return;
    for (const std::string& action : actions) ++counts_.audit_rows[action];
  }
  // One write was refused, and nothing else harmed.
  void OnRefused() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    ++counts_.refused;
  }
  Reading Read() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    Reading out = counts_;
    out.commit_time = commit_time_.Read();
    return out;
  }

 private:
  io::Histogram commit_time_;
  mutable absl::Mutex mutex_;
  // Actions are names in the code: there are not many.
  Reading counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_STORE_METRICS_H_
