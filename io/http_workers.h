#ifndef WARREN_IO_HTTP_WORKERS_H_
#define WARREN_IO_HTTP_WORKERS_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "io/http_server.h"

namespace warren::io {

// The threads that run handlers, first come, first served, but for routes that
// have as many running as they may: those wait and let others pass.
class HttpWorkers {
 public:
  static constexpr size_t kMaxWaiting = 512;
  using Done = std::function<void(WebReply)>;

  explicit HttpWorkers(int num_threads);
  // Waits for what runs; what waits is dropped, its `done` not called.
  ~HttpWorkers();

  // Runs the route's handler and then `done`, both on a worker thread. False:
  // too much is waiting, nothing will happen. Thread-safe.
  bool Run(const WebRoutes::Route& route, WebRequest request, Done done)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Job {
    const WebRoutes::Route* route = nullptr;
    WebRequest request;
    Done done;
  };
  using Jobs = std::deque<Job>;
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  Jobs::iterator Runnable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || Runnable() != jobs_.end();
  }

  absl::Mutex mutex_;
  Jobs jobs_ ABSL_GUARDED_BY(mutex_);
  std::map<const WebRoutes::Route*, int> running_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_WORKERS_H_
