#ifndef WARREN_RELAY_SERVER_H_
#define WARREN_RELAY_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "io/acceptor.h"
#include "io/tls.h"
#include "relay/front.h"
#include "relay/metrics.h"
#include "relay/shard.h"
#include "relay/stun_server.h"
#include "relay/verify_client.h"

namespace warren::relay {

struct Options {
  std::string listen = ":443";
  std::string stun_listen = ":3478";     // "" or "none": no STUN
  std::string stun_other_port = "next";  // or "none", or a number
  bool answer_any_stun = false;
  bool plain_http = false;
  std::string certificate_file;  // "": self-signed, beside the key file
  std::string certificate_key_file;
  std::string hostname = "localhost";  // of the self-signed certificate
  std::string key_file = "/var/lib/warren/relay.key";
  std::string verify_client_url;  // "": everybody may
  bool verify_client_fail_open = true;
  size_t max_clients = 0;  // 0: as many as open files allow
  uint64_t rate_bytes_per_second = 0;
  uint64_t rate_burst_bytes = 0;
  std::string metrics_listen;  // "": none
  uint32_t threads = 0;        // 0: one per core
};

// A whole relay: the shards, each on its thread, STUN and metrics.
class Server {
 public:
  // Opens everything; nothing is served yet. Any error is for the person who
  // started it.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const Options& options,
                                                        Rng& rng);
  ~Server();

  // The loop of the calling thread, for signals; valid before Run().
  io::EventLoop& loop() { return shards_[0]->loop(); }
  // Serves until shut down.
  void Run();
  // Tells clients, lets go, ends Run(). On the loop's thread.
  void Shutdown();

 private:
  Server(const Options& options, Rng& rng) : options_(options), rng_(rng) {}
  absl::Status Init();
  absl::Status OpenTls();
  absl::Status ChooseMaxConnections();
  absl::Status OpenShards();
  absl::Status OpenStun();
  // The second socket, beside `main`; none if there shall be none, or if the
  // next port is another program's.
  absl::StatusOr<io::Fd> OpenOtherStun(const io::Fd& main) const;
  absl::Status OpenMetrics();
  Front::Settings FrontSettings();
  Metrics CollectMetrics() const;

  // Of the listener for metrics.
  struct MetricsSite {
    std::atomic<size_t> connections = 0;
    std::unique_ptr<Front> front;
    std::unique_ptr<io::Acceptor> acceptor;
  };

  const Options options_;
  Rng& rng_;
  std::unique_ptr<crypto::NodePrivateKey> key_;
  std::shared_ptr<const io::TlsContext> tls_;  // nullptr: plain HTTP
  size_t max_connections_ = 0;
  std::atomic<size_t> connections_ = 0;
  std::unique_ptr<VerifyClient> verify_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::thread> threads_;
  std::unique_ptr<StunServer> stun_;
  MetricsSite metrics_;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_SERVER_H_
