#ifndef WARREN_CONTROL_WEB_WEB_FACE_H_
#define WARREN_CONTROL_WEB_WEB_FACE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/coordinator/coordinator.h"
#include "control/identity/seal.h"
#include "control/web/site.h"
#include "core/base/instant.h"
#include "io/cancel.h"
#include "io/http_server.h"

namespace warren::control {

struct WebFaceOptions {
  std::string public_url;  // empty: people cannot sign in by a provider
  bool tls = false;
  std::vector<net::IpPrefix> trusted_proxies;
  std::function<Instant()> now;
  std::function<int64_t()> unix_now_ms;
  // Others of the same port: "/api/v1" and such.
  io::WebRoutes routes;
  io::TakeOver http2;
};

// All that speaks HTTP on the server's port: the pages, and what else is
// mounted.
class WebFace {
 public:
  // `coordinator` and `rng` must outlive it. INVALID_ARGUMENT: the public URL
  // is not as it must be.
  static absl::StatusOr<std::unique_ptr<WebFace>> Start(
      WebFaceOptions options, Coordinator& coordinator,
      const crypto::MachinePrivateKey& server_key, Rng& rng);
  // Waits for what is being answered.
  ~WebFace();

  // Serves a connection. Thread-safe.
  void Take(io::Handover connection) { server_->Take(std::move(connection)); }
  io::HttpServerCounters counters() const { return server_->counters(); }
  SignInCounters sign_ins() const { return site_->sign_ins(); }

 private:
  WebFace(const crypto::MachinePrivateKey& server_key)
      : seal_key_(DeriveSealKey(server_key)) {}

  const SealKey seal_key_;
  io::Cancel cancel_;  // of calls to providers
  std::unique_ptr<SignIn> sign_in_;
  std::unique_ptr<Site> site_;
  std::unique_ptr<io::HttpServer> server_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_WEB_FACE_H_
