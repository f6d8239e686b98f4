#ifndef WARREN_CONTROL_API_OAUTH_TOKEN_H_
#define WARREN_CONTROL_API_OAUTH_TOKEN_H_

#include "control/api/rate_limits.h"
#include "control/coordinator/coordinator.h"
#include "io/http_server.h"

namespace warren::control {

inline constexpr char kTokenPath[] = "/oauth/token";

// POST /oauth/token (RFC 6749 §4.4): an OAuth client changes its secret for an
// access token. The secret comes in the body (client_secret) or as Basic
// credentials; the client's id is its name, "woauth-...", and may be left out.
// Errors are those of §5.2.
class OauthToken {
 public:
  struct Options {
    bool expects_tls = false;  // refuse secrets that came in clear
  };
  // `coordinator` must outlive it.
  OauthToken(Coordinator& coordinator, Options options)
      : coordinator_(coordinator), options_(options) {}

  // Thread-safe; blocks until the token is durable.
  io::WebReply Handle(const io::WebRequest& request);

 private:
  struct Wish;
  struct Token;
  absl::StatusOr<Token> Issue(Directory& directory, const Wish& wish,
                              int64_t now_ms);

  Coordinator& coordinator_;
  const Options options_;
  RateLimits limits_{0.2, 20};  // tokens of one client; coordinator's thread
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_OAUTH_TOKEN_H_
