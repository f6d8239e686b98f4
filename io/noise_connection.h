#ifndef WARREN_IO_NOISE_CONNECTION_H_
#define WARREN_IO_NOISE_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "io/channel_request.h"
#include "io/fd.h"
#include "io/handover.h"
#include "io/noise_rpc.h"
#include "io/rpc.h"
#include "io/wire.h"

namespace warren::io {

// What all connections of one frontend share. Outlives them.
struct NoiseConnectionContext {
  const crypto::MachinePrivateKey& key;
  bool has_site;  // somebody takes what is not for us
  Rng& rng;
  NoiseRpcContext rpc;
};

// One connection to the control server, from its first byte: an HTTP request,
// then either an answer or a Noise channel with gRPC inside. The owner waits
// for its descriptor and drops it when it is done or past its deadline.
class NoiseConnection {
 public:
  enum class State : uint8_t {
    kRequest,    // reading the request
    kForeign,    // for the site: take it with Release()
    kAsking,     // wants a handshake: Admit() or Refuse() it
    kAnswering,  // sending a last answer
    kUnproven,   // handshake done, no authentic record yet: maybe a replay
    kChannel,    // gRPC speaks
    kDone,
  };

  NoiseConnection(NoiseConnectionContext& context, uint64_t id, Fd socket,
                  Wire wire);

  State state() const { return state_; }
  // Whether it is still to prove that somebody is there.
  bool young() const { return state_ <= State::kUnproven; }
  // HTTP status of the answer; 0 while there is none. 101: a channel.
  int answered() const { return answered_; }

  int socket() const { return rpc_ ? rpc_->socket() : first_->socket.get(); }
  // EPOLL* bits to wait for.
  uint32_t Events() const;
  void OnSocket(uint32_t ready);
  // In kForeign, once nobody watches the socket. Then it is done.
  Handover Release();
  // In kAsking: does the handshake, some 0.2 ms of work; or says when to come
  // again.
  void Admit();
  void Refuse(int retry_after_seconds);

  // Its calls; null before the handshake is done.
  NoiseRpc* rpc() const { return rpc_.get(); }
  // Moves the state on after rpc() has done something.
  void Follow();

 private:
  // What is of no use any more once there is a channel.
  struct FirstPart {
    Fd socket;
    Wire wire;
    net::Endpoint remote;
    HttpHeadReader head{};
    std::vector<uint8_t> begun{};  // not yet taken by the head
    bool ours = false;
    bool heard = false;                    // something was read before
    std::optional<HttpRequest> request{};  // waits for a handshake
  };
  void ReadRequest();
  // Who speaks HTTP where TLS is spoken is told so, in clear.
  bool AnswerInClear(Bytes bytes);
  bool IsForeign(Bytes plain);
  void TakeRequest(Bytes plain);
  void Answer(ChannelAnswer answer);
  void Flush();

  NoiseConnectionContext& context_;
  const uint64_t id_;
  State state_ = State::kRequest;
  int answered_ = 0;
  std::unique_ptr<FirstPart> first_;
  std::unique_ptr<NoiseRpc> rpc_;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_CONNECTION_H_
