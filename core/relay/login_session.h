#ifndef WARREN_CORE_RELAY_LOGIN_SESSION_H_
#define WARREN_CORE_RELAY_LOGIN_SESSION_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/crypto/keys.h"
#include "core/derp/frame.h"
#include "core/derp/login.h"

namespace warren::relay {

// The server's side of a login, from the end of the HTTP upgrade until the
// client's key is proven. It belongs to no shard: only the key decides which.
class LoginSession {
 public:
  static constexpr absl::Duration kDeadline = absl::Seconds(10);

  explicit LoginSession(Instant now) : deadline_(now + kDeadline) {}

  // What to send first: this relay's key.
  static std::vector<uint8_t> Greeting(const crypto::NodeKey& server) {
    return derp::BuildServerKey(server);
  }

  // Removes bytes from the front of `stream` until the login is complete; what
  // follows in `stream` is for Relay::FromClient. nullopt: more is needed. Any
  // error: close the connection.
  absl::StatusOr<std::optional<derp::Login>> Next(
      Bytes& stream, const crypto::NodePrivateKey& server) {
    const auto frame = reader_.Next(stream);
    if (!frame.ok()) return frame.status();
    if (!*frame) return std::nullopt;
    if ((*frame)->type != derp::FrameType::kClientInfo) {
      return absl::InvalidArgumentError(
          "DERP login: the client's first frame is not its info");
    }
    auto login = derp::OpenClientInfo((*frame)->payload, server);
    if (!login.ok()) return login.status();
    return *std::move(login);
  }

  Instant Deadline() const { return deadline_; }

 private:
  derp::FrameReader reader_{derp::Reader::kServer};
  Instant deadline_;
};

}  // namespace warren::relay

#endif  // WARREN_CORE_RELAY_LOGIN_SESSION_H_
