#ifndef WARREN_IO_NOISE_RPC_H_
#define WARREN_IO_NOISE_RPC_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "core/noise/control_handshake.h"
#include "io/fd.h"
#include "io/h2_session.h"
#include "io/rpc.h"
#include "io/wire.h"

namespace warren::io {

// What all channels of one frontend share. Outlives them.
struct NoiseRpcContext {
  RpcService& service;
  std::shared_ptr<RpcOutbox> outbox;
  // Of the one thread that owns the channels.
  std::vector<uint8_t> plain{};
  std::vector<uint8_t> sealed{};
};

// The server's end of one Noise channel, after its handshake: records from and
// to a socket, gRPC calls inside. Nothing of a call is looked at before a
// first authentic record has come. At most about kMaxBuffered bytes wait for
// the socket: who does not read is not written for.
class NoiseRpc final : public H2Session::Handler {
 public:
  static constexpr size_t kMaxBuffered = 64 * 1024;

  // The socket must be nonblocking.
  NoiseRpc(NoiseRpcContext& context, uint64_t id, ChannelPeer peer, Fd socket,
           Wire wire, noise::Transport transport);
  // Tells its calls that they have ended.
  ~NoiseRpc() override;

  // Records that came behind the handshake in the same read.
  void FromPeer(Bytes records);

  int socket() const { return socket_.get(); }
  // EPOLL* bits to wait for.
  uint32_t Events() const;
  void OnSocket(uint32_t ready);
  // What a service said; Flush() when that was all for now.
  void Deliver(const RpcOutbox::Item& item);
  void Flush();
  // No new calls.
  void GoAway();

  // Whether an authentic record with something in it has come.
  bool proven() const { return session_ != nullptr; }
  // Whether all is over: drop it.
  bool done() const { return done_; }
  // Whether there is neither a call nor anything to send.
  bool idle() const { return calls_.empty() && wire_.ToSocket().empty(); }

 private:
  void OnRequest(int32_t stream, H2Request request) override;
  void OnSent(int32_t stream) override;
  void OnEnded(int32_t stream) override;
  void Read();
  // From the calls to the wire, as far as there is room.
  void Seal();

  NoiseRpcContext& context_;
  const uint64_t id_;
  const ChannelPeer peer_;
  const Fd socket_;
  Wire wire_;
  noise::Transport transport_;
  std::unique_ptr<H2Session> session_;
  std::map<int32_t, std::shared_ptr<RpcCall>> calls_;
  bool done_ = false;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_RPC_H_
