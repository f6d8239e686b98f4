#ifndef WARREN_RELAY_STUN_SERVER_H_
#define WARREN_RELAY_STUN_SERVER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "core/stun/stun.h"
#include "io/event_loop.h"
#include "io/fd.h"

namespace warren::relay {

// Answers STUN Binding requests on one UDP socket or two, from the address at
// which each arrived, and from the port that the client asks for. Keeps nothing
// about anybody. One loop's thread.
class StunServer {
 public:
  struct Sockets {
    io::Fd main;
    io::Fd other;  // may be none
  };
  // The loop must outlive this.
  StunServer(io::EventLoop& loop, Sockets sockets, stun::Answer whom);
  ~StunServer();
  StunServer(const StunServer&) = delete;
  StunServer& operator=(const StunServer&) = delete;

  absl::Status Start();

  uint64_t answered() const { return answered_; }
  uint64_t ignored() const { return ignored_; }

 private:
  struct Port {
    int fd = -1;
    uint16_t number = 0;
  };
  // Requests wait at `here`; `there` is the other port.
  void OnReady(const Port& here, const Port& there);

  io::EventLoop& loop_;
  Sockets sockets_;
  Port main_;
  Port other_;
  stun::Answer whom_;
  uint64_t answered_ = 0;
  uint64_t ignored_ = 0;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_STUN_SERVER_H_
