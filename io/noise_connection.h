#ifndef WARREN_IO_NOISE_CONNECTION_H_
#define WARREN_IO_NOISE_CONNECTION_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "io/channel_registry.h"
#include "io/channel_request.h"
#include "io/fd.h"
#include "io/handover.h"
#include "io/noise_pump.h"
#include "io/wire.h"

namespace warren::io {

// What all connections of one frontend share. Outlives them.
struct NoiseConnectionContext {
  const crypto::MachinePrivateKey& key;
  bool has_site;  // somebody takes what is not for us
  grpc::Server& server;
  ChannelRegistry& registry;
  Rng& rng;
};

// One connection to the control server, from its first byte: an HTTP request,
// then either an answer or a Noise channel with gRPC inside. The owner waits
// for its two descriptors and drops it when it is done or past its deadline.
class NoiseConnection {
 public:
  enum class State : uint8_t {
    kRequest,    // reading the request
    kForeign,    // for the site: take it with Release()
    kAnswering,  // sending a last answer
    kUnproven,   // handshake done, no authentic record yet: maybe a replay
    kChannel,    // gRPC speaks
    kClosing,    // one side of the channel has closed
    kDone,
  };

  NoiseConnection(const NoiseConnectionContext& context, Fd socket, Wire wire);

  State state() const { return state_; }
  // Whether it is still to prove that somebody is there.
  bool young() const { return state_ <= State::kUnproven; }
  // HTTP status of the answer; 0 while there is none. 101: a channel.
  int answered() const { return answered_; }

  // As NoisePump. -1: there is no such descriptor.
  int socket() const { return pump_ ? pump_->socket() : socket_.get(); }
  int inner() const { return pump_ ? pump_->inner() : -1; }
  int SocketEvents() const;
  int InnerEvents() const;
  void OnSocket(uint32_t ready);
  void OnInner(uint32_t ready);
  // In kForeign, once nobody watches the socket. Then it is done.
  Handover Release();

 private:
  void ReadRequest();
  bool IsForeign(Bytes plain);
  void TakeRequest(Bytes plain);
  void Answer(ChannelAnswer answer, Bytes rest);
  void Flush();
  // Moves the state on after the pump has moved bytes.
  void FollowPump();
  void ConnectGrpc();

  const NoiseConnectionContext& context_;
  State state_ = State::kRequest;
  Fd socket_;
  Wire wire_;
  HttpHeadReader head_;
  std::vector<uint8_t> begun_;  // until it is known whose it is
  bool ours_ = false;
  int answered_ = 0;
  ChannelPeer peer_;
  std::optional<ChannelToken> token_;
  std::optional<NoisePump> pump_;
  std::optional<ChannelRegistry::Entry> entry_;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_CONNECTION_H_
