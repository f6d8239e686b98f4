#ifndef WARREN_IO_CHANNEL_REQUEST_H_
#define WARREN_IO_CHANNEL_REQUEST_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/noise/control_handshake.h"
#include "io/http_upgrade.h"

// The HTTP/1.1 side of the native control channel, without sockets:
//
//   GET /key?v=1            -> {"publicKey":"mkey:<64 hex>"}
//   POST /warren/v1/channel -> 101, the 51-byte Noise response, records
//     Upgrade: warren-control-protocol
//     Connection: upgrade
//     X-Warren-Handshake: <base64 of the 101-byte initiation>
//
// A connection whose first bytes are neither belongs to somebody else, see
// IsChannelRequest(). Everything else about the handshake and the records is as
// in ts2021 (specs/control-ts2021.md §1.3, 1.5, 1.6).
namespace warren::io {

inline constexpr char kKeyTarget[] = "/key?v=1";
inline constexpr char kChannelTarget[] = "/warren/v1/channel";
inline constexpr char kChannelProtocol[] = "warren-control-protocol";
inline constexpr char kHandshakeHeader[] = "X-Warren-Handshake";
// Mixed into the handshake; the version of what is spoken inside.
inline constexpr uint16_t kChannelVersion = 1;

// Whether a connection that begins so asks for one of the two; nullopt: more
// bytes will tell, a few.
std::optional<bool> IsChannelRequest(absl::string_view begun);

// The answer to a plain GET. Small: it is sent in one piece.
struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// What the server does about one request.
struct ChannelAnswer {
  std::vector<uint8_t> bytes;  // to send
  // Set: records follow. Unset: close when `bytes` are sent.
  std::optional<noise::AcceptedInitiation> accepted;
  int status = 101;  // of HTTP
};
ChannelAnswer AnswerRequest(const HttpRequest& request,
                            const crypto::MachinePrivateKey& key, Rng& rng);
// To bytes that are not a request; `text` says why.
ChannelAnswer AnswerGarbage(absl::string_view text);
// 503: too many want a channel at once; come again after so many seconds.
ChannelAnswer AnswerBusy(int retry_after_seconds);

// The client's side: the two requests, and the answers read.
std::string KeyRequest(absl::string_view authority);
// INVALID_ARGUMENT: the body does not hold a key.
absl::StatusOr<crypto::MachineKey> ParseKeyReply(absl::string_view body);
std::string ChannelRequest(absl::string_view authority, Bytes initiation);

}  // namespace warren::io

#endif  // WARREN_IO_CHANNEL_REQUEST_H_
