#ifndef WARREN_CLIENT_RELAY_RESOLVER_H_
#define WARREN_CLIENT_RELAY_RESOLVER_H_

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/net/ip.h"
#include "io/event_loop.h"

namespace warren::client {

// Looks names up in the system's DNS on a thread of its own, because the
// system's resolver blocks.
class Resolver {
 public:
  // Names waiting at once; more are answered at once with no address.
  static constexpr size_t kMaxQueue = 64;
  using Answer = std::function<void(std::vector<net::IpAddress>)>;

  // Answers arrive on the thread of `loop`, which must outlive this object.
  explicit Resolver(io::EventLoop& loop);
  // Waits for the look-up that is under way, if any.
  ~Resolver();

  // `answer` gets the addresses in the system's order of preference, none when
  // the name has none or cannot be looked up. An address is its own answer.
  void Resolve(const std::string& hostname, Answer answer);

 private:
  struct Question {
    std::string hostname;
    Answer answer;
  };
  void Run();

  io::EventLoop& loop_;
  absl::Mutex mutex_;
  std::deque<Question> queue_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_RESOLVER_H_
