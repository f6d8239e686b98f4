#ifndef WARREN_CONTROL_API_CREDENTIAL_H_
#define WARREN_CONTROL_API_CREDENTIAL_H_

#include <cstdint>
#include <string>

namespace warren::control {

// With what a call came, before anybody has looked whether it is good. Made by
// the face where it came in.
struct Credential {
  enum class Kind : uint8_t {
    kNone,
    kOperator,  // the server's own Unix socket: `text` is "uid 0"
    kBearer,    // `text` is an API key or access token
    kSession,   // `text` is the value of a browser's session cookie
  };
  Kind kind = Kind::kNone;
  std::string text{};    // a secret, but of the operator
  std::string source{};  // "socket", "203.0.113.7"
  // It crossed the network in clear although this server has TLS.
  bool exposed = false;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_CREDENTIAL_H_
