#ifndef WARREN_RELAY_STUN_SERVER_H_
#define WARREN_RELAY_STUN_SERVER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "core/stun/stun.h"
#include "io/event_loop.h"
#include "io/fd.h"

namespace warren::relay {

// Answers STUN Binding requests on one UDP socket, from the address at which
// each arrived. Keeps nothing about anybody. One loop's thread.
class StunServer {
 public:
  // The loop must outlive this.
  StunServer(io::EventLoop& loop, io::Fd socket, stun::Answer whom);
  ~StunServer();
  StunServer(const StunServer&) = delete;
  StunServer& operator=(const StunServer&) = delete;

  absl::Status Start();

  uint64_t answered() const { return answered_; }
  uint64_t ignored() const { return ignored_; }

 private:
  void OnReady();

  io::EventLoop& loop_;
  io::Fd socket_;
  stun::Answer whom_;
  uint64_t answered_ = 0;
  uint64_t ignored_ = 0;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_STUN_SERVER_H_
