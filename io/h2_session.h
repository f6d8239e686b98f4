#ifndef WARREN_IO_H2_SESSION_H_
#define WARREN_IO_H2_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"

struct nghttp2_session;

namespace warren::io {

// A gRPC call as it came.
struct H2Request {
  std::string path;   // "/package.Service/Method"
  std::string token;  // kChannelTokenMetadata; empty: none
  std::string message;
};

// The server's end of one HTTP/2 connection that carries gRPC calls with one
// request each: unary, or streaming from the server. Bytes in, bytes out; no
// sockets here, no threads. An idle one takes about 12 kB.
class H2Session {
 public:
  static constexpr size_t kMaxRequest = 256 * 1024;   // bytes, one message
  static constexpr size_t kMaxBuffered = 512 * 1024;  // of all requests
  static constexpr uint32_t kMaxCalls = 32;           // at once

  // Called inside Receive(), Take() and Finish(); may call Send() and
  // Finish() only.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void OnRequest(int32_t stream, H2Request request) = 0;
    // All that was given to Send() has been taken.
    virtual void OnSent(int32_t stream) = 0;
    // The call is over, or was cancelled. Only for calls told of.
    virtual void OnEnded(int32_t stream) = 0;
  };
  explicit H2Session(Handler& handler);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Takes bytes of the peer, cut anywhere. An error ends the connection.
  absl::Status Receive(Bytes bytes);
  // Appends to `out` what is to be sent, until there is nothing more or it
  // holds `limit` bytes or somewhat more. An error ends the connection.
  absl::Status Take(size_t limit, std::vector<uint8_t>& out);
  // Whether nothing more will ever be sent or is awaited.
  bool done() const;

  // Nothing happens when the call is over.
  void Send(int32_t stream, const std::string& message);
  void Finish(int32_t stream, const absl::Status& status);
  // No further calls; those under way go on.
  void GoAway();
  size_t num_calls() const { return calls_.size(); }

 private:
  struct Call {
    H2Request request{};
    bool grpc = false;   // its headers are those of gRPC
    bool told = false;   // OnRequest() was called
    bool begun = false;  // the answer's headers are submitted
    std::string out{};   // framed messages
    size_t taken = 0;    // of `out`
    std::optional<absl::Status> finish{};
  };
  friend struct H2Callbacks;
  void OnHeader(int32_t stream, Bytes name, Bytes value);
  void OnData(int32_t stream, Bytes bytes);
  void OnComplete(int32_t stream);
  void OnClose(int32_t stream);
  void Refuse(int32_t stream, const absl::Status& status);

  Handler& handler_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Call> calls_;
  size_t buffered_ = 0;
  // Of the Take() under way.
  std::vector<uint8_t>* taking_ = nullptr;
  size_t limit_ = 0;
};

}  // namespace warren::io

#endif  // WARREN_IO_H2_SESSION_H_
