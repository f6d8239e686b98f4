#ifndef WARREN_CLIENT_RELAY_RESOLVER_H_
#define WARREN_CLIENT_RELAY_RESOLVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/net/ip.h"
#include "io/event_loop.h"

namespace warren::client {

// Looks names up in the system's DNS on a thread of its own, because the
// system's resolver blocks, for many seconds when its servers are silent. Not
// thread-safe: the loop's thread owns it.
class Resolver {
 public:
  // Names waiting at once; more are answered at once with no address.
  static constexpr size_t kMaxQueue = 64;
  using Answer = std::function<void(std::vector<net::IpAddress>)>;

  // Answers arrive on the thread of `loop`, which must outlive this object.
  explicit Resolver(io::EventLoop& loop);
  // Waits for nothing: a look-up under way goes on without anybody to tell. No
  // answer comes afterwards.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `answer` gets the addresses in the system's order of preference, none when
  // the name has none or cannot be looked up. An address is its own answer.
  void Resolve(const std::string& hostname, Answer answer);

 private:
  struct Shared;
  static void Run(const std::shared_ptr<Shared>& shared);

  io::EventLoop& loop_;
  const std::shared_ptr<Shared> shared_;  // with the thread
  // Whether answers are still wanted; only for the loop's thread.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_RESOLVER_H_
