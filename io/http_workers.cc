#include "io/http_workers.h"

#include <algorithm>
#include <utility>

namespace warren::io {

HttpWorkers::HttpWorkers(int num_threads) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

HttpWorkers::~HttpWorkers() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool HttpWorkers::Run(const WebRoutes::Route& route, WebRequest request,
                      Done done) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || jobs_.size() >= kMaxWaiting) return false;
  jobs_.push_back({&route, std::move(request), std::move(done)});
  return true;
}

HttpWorkers::Jobs::iterator HttpWorkers::Runnable() {
  return std::ranges::find_if(
      jobs_, [this](const Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return running_[job.route] < job.route->max_at_once;
      });
}

void HttpWorkers::Work() {
  while (true) {
    Job job;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &HttpWorkers::HasWork));
      if (stopping_) return;
      const auto next = Runnable();
      job = std::move(*next);
      jobs_.erase(next);
      ++running_[job.route];
    }
    job.done(job.route->handler(job.request));
    absl::MutexLock lock(&mutex_);
    --running_[job.route];
  }
}

}  // namespace warren::io
