#ifndef WARREN_CLIENT_RELAY_RESOLVER_H_
#define WARREN_CLIENT_RELAY_RESOLVER_H_

#include <cstdint>
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
  // Blocks for the addresses of a name. Called on threads of this object's.
  using LookUp =
      std::function<std::vector<net::IpAddress>(const std::string& hostname)>;
  static std::vector<net::IpAddress> AskSystem(const std::string& hostname);

  // Answers arrive on the thread of `loop`, which must outlive this object.
  explicit Resolver(io::EventLoop& loop, LookUp look_up = &AskSystem);
  // Waits for nothing: a look-up under way goes on without anybody to tell. No
  // answer comes afterwards.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `answer` gets the addresses in the system's order of preference, none when
  // the name has none or cannot be looked up. An address is its own answer.
  void Resolve(const std::string& hostname, Answer answer);
  // The network has changed: what is being asked is asked anew, of the servers
  // there are now, without waiting for those that may be gone.
  void Renew();

 private:
  // Threads that wait for servers that are gone; with so many nothing is asked
  // anew.
  static constexpr int kMaxThreads = 4;
  struct Shared;
  static void Start(const std::shared_ptr<Shared>& shared);
  static void Run(const std::shared_ptr<Shared>& shared, uint64_t generation);

  io::EventLoop& loop_;
  const std::shared_ptr<Shared> shared_;  // with the thread
  // Whether answers are still wanted; only for the loop's thread.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_RESOLVER_H_
