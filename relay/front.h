#ifndef WARREN_RELAY_FRONT_H_
#define WARREN_RELAY_FRONT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/instant.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "core/relay/login_session.h"
#include "io/event_loop.h"
#include "io/fd.h"
#include "io/http_upgrade.h"
#include "relay/connection_slot.h"
#include "relay/http_site.h"
#include "relay/transport.h"

namespace warren::relay {

// A connection whose client has proven its key, on its way to its shard.
struct Arrival {
  Transport transport;
  ConnectionSlot slot;
  crypto::NodeKey key;
  net::Endpoint remote;
  std::vector<uint8_t> rest;  // read already, behind the login
};

// What connections do before they are clients: TLS, one HTTP request, the DERP
// login and admission. Each step has its deadline, so that whoever is slow,
// silent or wrong loses its connection and holds little. One loop's thread.
class Front {
 public:
  static constexpr absl::Duration kRequestDeadline = absl::Seconds(10);
  // Longest wait for the peer to close after the last answer.
  static constexpr absl::Duration kLinger = absl::Seconds(2);
  static constexpr absl::Duration kAdmissionDeadline = absl::Seconds(10);
  // Connections in this state, per loop.
  static constexpr size_t kMaxPending = 8192;

  struct Settings {
    std::shared_ptr<const io::TlsContext> tls;  // nullptr: plain
    std::function<HttpAnswer(const io::HttpRequest&)> answer;
    const crypto::NodePrivateKey* key = nullptr;  // for logins
    std::atomic<size_t>* connections = nullptr;
    size_t max_connections = 0;
    // Asks whether a client may use this relay, and answers on any thread.
    // Empty: everybody may.
    std::function<void(const crypto::NodeKey&, const net::IpAddress&,
                       std::function<void(bool)>)>
        admit;
  };

  // `arrived` gets each client. The loop must outlive this.
  Front(io::EventLoop& loop, Settings settings,
        std::function<void(Arrival)> arrived);
  ~Front();

  // A fresh connection, nonblocking.
  void OnAccepted(io::Fd fd);

  void OnTimeout(Instant now);
  Instant Next() const;

  uint64_t refused() const { return refused_; }
  uint64_t failed_logins() const { return failed_logins_; }

 private:
  struct Pending;

  void OnReady(uint64_t id, uint32_t events);
  // false: the connection is gone.
  bool OnBytes(Pending& p, Bytes stream);
  // What is read behind the request stays in `stream`, perhaps by way of
  // `unwrapped`.
  bool OnRequest(Pending& p, Bytes& stream, std::vector<uint8_t>& unwrapped);
  bool OnLogin(Pending& p, const crypto::NodeKey& key, Bytes rest);
  void Admitted(uint64_t id, const crypto::NodeKey& key, bool allowed);
  void Arrive(Pending& p, const crypto::NodeKey& key);
  void StartClosing(Pending& p);
  // Sends what is queued, and waits for what comes next.
  bool Flush(Pending& p);
  void SetDeadline(Pending& p, Instant at);
  // Unwatches and forgets it. Returns the connection, to be used or dropped.
  std::unique_ptr<Pending> Remove(uint64_t id);

  io::EventLoop& loop_;
  const Settings settings_;
  const std::function<void(Arrival)> arrived_;
  uint64_t next_id_ = 1;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Pending>> pending_;
  std::set<std::pair<absl::Duration, uint64_t>> deadlines_;
  std::vector<uint8_t> wire_;
  std::vector<uint8_t> plain_;
  uint64_t refused_ = 0;
  uint64_t failed_logins_ = 0;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_FRONT_H_
