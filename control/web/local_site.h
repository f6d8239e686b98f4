#ifndef WARREN_CONTROL_WEB_LOCAL_SITE_H_
#define WARREN_CONTROL_WEB_LOCAL_SITE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/net/ip.h"
#include "io/acceptor.h"
#include "io/channel_request.h"
#include "io/event_loop.h"
#include "io/fd.h"

namespace warren::control {

// nullopt: there is nothing at that path.
using GetHandler =
    std::function<std::optional<io::HttpReply>(const io::HttpRequest&)>;

// Small GETs on a listener of their own, for monitoring: /metrics, /healthz.
// No TLS, nobody is asked who they are: keep the address private. A client
// costs at most one of few connections, for a few seconds.
class LocalSite {
 public:
  static constexpr size_t kMaxConnections = 32;  // a newcomer is refused

  // Listens and starts the thread, on which `get` is asked; it must not block.
  // `patience`: with one connection. Errors as io::ListenTcp().
  static absl::StatusOr<std::unique_ptr<LocalSite>> Start(
      const net::Endpoint& listen, GetHandler get,
      absl::Duration patience = absl::Seconds(5));
  ~LocalSite();

  const net::Endpoint& local() const { return local_; }

 private:
  struct Connection {
    io::Fd fd;
    io::HttpHeadReader head;
    Instant until;
  };
  LocalSite(GetHandler get, absl::Duration patience)
      : get_(std::move(get)), patience_(patience) {}
  absl::Status Listen(const net::Endpoint& listen);
  void OnConnection(io::Fd fd);
  void OnReadable(Connection& connection);
  // Sends the answer and forgets the connection.
  void Answer(Connection& connection);
  void Close(int fd);
  Instant NextDeadline() const;
  void CloseOverdue(Instant now);

  const GetHandler get_;
  const absl::Duration patience_;
  net::Endpoint local_;
  std::unique_ptr<io::EventLoop> loop_;
  std::map<int, Connection> connections_;  // of the loop's thread
  std::unique_ptr<io::Acceptor> acceptor_;
  std::thread thread_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_LOCAL_SITE_H_
