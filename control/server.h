#ifndef WARREN_CONTROL_SERVER_H_
#define WARREN_CONTROL_SERVER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"

namespace warren::control {

struct ServerOptions {
  std::string state_folder;
  // A database that is missing, although there is a control.key, is made anew.
  bool begin_anew = false;
  // Webhooks may lead into private networks, and on this machine without TLS.
  bool allow_private_webhooks = false;
  net::Endpoint listen;
  std::string admin_socket;
  // PEM files; both empty: plain HTTP, for labs and behind a proxy.
  std::string tls_certificate;
  std::string tls_key;
  std::optional<net::Endpoint> metrics_listen;  // none: no /metrics
  // Of nodes; fewer where the process may not open that many descriptors.
  size_t max_connections = 65'536;
  absl::Duration ephemeral_timeout = absl::Minutes(2);
  absl::Duration node_key_lifetime = absl::Hours(24 * 180);
  // How browsers reach the server, "https://control.example"; empty: people
  // cannot sign in. Below what the names of tailnets hang; or empty.
  std::string public_url;
  std::string base_domain;
  // Whose X-Forwarded-For and X-Forwarded-Proto are believed.
  std::vector<net::IpPrefix> trusted_proxies;
};

// A whole control server: store, coordinator, services and listeners.
class Server {
 public:
  // Starts everything. The status is one line for the person who started it.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  // Tells every stream, and ends. What was acknowledged is in the store.
  ~Server();

  // Where nodes reach it, and the key they know it by.
  const net::Endpoint& local() const;
  const crypto::MachineKey& public_key() const;
  // Where /metrics is; unset when it is not.
  net::Endpoint metrics_local() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_SERVER_H_
