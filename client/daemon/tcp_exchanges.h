#ifndef WARREN_CLIENT_DAEMON_TCP_EXCHANGES_H_
#define WARREN_CLIENT_DAEMON_TCP_EXCHANGES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/relay/client_stream.h"
#include "core/base/instant.h"
#include "core/engine/event.h"
#include "io/event_loop.h"

namespace warren::client {

// Does what engine::ExchangeWanted asks for: one TCP connection, one request,
// what comes back. Each is answered once. Not thread-safe: the loop's thread
// owns it.
class TcpExchanges {
 public:
  // Under way at once; others wait their turn, and those on top are refused.
  static constexpr size_t kMaxAtOnce = 8;
  static constexpr size_t kMaxWaiting = 64;
  // Of a response, whatever was asked for.
  static constexpr size_t kMaxBytes = 1 << 20;

  // What came, in full or until the connection or the time ended; or, when
  // nothing came: UNAVAILABLE and why. RESOURCE_EXHAUSTED: refused. Called by
  // OnTimeout() alone; may start others.
  using Answer =
      std::function<void(uint64_t id, absl::StatusOr<std::string> response)>;

  TcpExchanges(io::EventLoop& loop, Answer answer);
  ~TcpExchanges();

  // `wanted.timeout` counts from now, waiting included.
  void Start(engine::ExchangeWanted wanted);
  // None is under way, nor waits.
  bool idle() const { return exchanges_.empty(); }
  // Ends all, without an answer.
  void Cancel();

  // When OnTimeout() must be called.
  Instant Next() const;
  void OnTimeout(Instant now);

 private:
  struct Exchange;
  void Begin(Exchange& exchange);
  absl::Status OnBytes(Exchange& exchange, Bytes bytes);

  io::EventLoop& loop_;
  const Answer answer_;
  // Oldest first; the first kMaxAtOnce are under way.
  std::vector<std::shared_ptr<Exchange>> exchanges_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_TCP_EXCHANGES_H_
