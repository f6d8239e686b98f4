#ifndef WARREN_BENCH_LOAD_NODE_H_
#define WARREN_BENCH_LOAD_NODE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/control/backoff.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "core/noise/control_handshake.h"
#include "io/event_loop.h"
#include "io/fd.h"
#include "io/http_upgrade.h"
#include "io/tls.h"
#include "io/wire.h"
#include "warren/v1/coordination.pb.h"

struct nghttp2_session;

namespace warren::bench {

// What all simulated nodes share.
struct LoadWorld {
  io::EventLoop& loop;
  Rng& rng;
  net::Endpoint server;
  crypto::MachineKey server_key;
  std::shared_ptr<const io::TlsContext> tls;  // null: in clear
  // Node number, and what it was told.
  std::function<void(int, const v1::NetmapUpdate&)> updated{};
  std::function<void(int)> registered{};
  // A connection is lost: when to try again, by the client's own backoff.
  std::function<void(int, absl::Duration)> lost{};
  uint64_t refused = 0;  // 503, connections reset before the handshake
  // Of one node at a time: kept, as memory given back and taken again for each
  // of them costs more than what is measured.
  std::vector<uint8_t> carried{};
  std::vector<uint8_t> plain{};
  std::vector<uint8_t> sealed{};
  v1::NetmapUpdate update{};
};

// One native client: a Noise channel to the server, HTTP/2 with gRPC inside,
// Register once, then WatchNetmap. It takes updates apart but applies none. On
// the loop's thread.
class LoadNode {
 public:
  LoadNode(LoadWorld& world, int number, std::string auth_key);
  ~LoadNode();

  // Dials; a node that has registered watches at once.
  void Start();
  void Report(uint16_t port);
  // Full netmap received on this connection.
  bool up() const { return connection_ && connection_->up; }
  int64_t id() const { return id_; }

 private:
  friend struct LoadCallbacks;
  enum class CallKind : uint8_t { kRegister, kWatch, kReport };
  struct Connection {
    io::Fd socket;
    bool connected = false;
    bool asked = false;  // for a channel
    bool up = false;
    std::optional<noise::IkInitiator> initiator{};
    std::optional<noise::Transport> transport{};
    io::HttpHeadReader head{};
    std::optional<absl::Duration> asked_to_wait{};
    bool upgraded = false;
    std::vector<uint8_t> received{};
    io::Wire wire{};
    nghttp2_session* session = nullptr;
    std::string token{};
    // By stream: 1 is the first call.
    std::map<int32_t, std::pair<CallKind, std::string>> answers{};
    ~Connection();
  };
  void OnSocket(uint32_t events);
  void Ask();
  bool Receive();
  bool TakeHandshake();
  bool TakeRecords(Bytes records);
  void BeginHttp2();
  void Call(CallKind kind, const char* method,
            const google::protobuf::MessageLite& request);
  void OnData(int32_t stream, Bytes bytes);
  void OnMessage(CallKind kind, absl::string_view message);
  void OnStreamClosed(int32_t stream);
  void Watch();
  void Flush();
  void Fail();

  LoadWorld& world_;
  const int number_;
  const std::string auth_key_;
  const crypto::MachinePrivateKey machine_;
  const crypto::NodePrivateKey node_;
  client::Backoff backoff_;
  int64_t id_ = 0;
  bool broken_ = false;
  std::unique_ptr<Connection> connection_;
};

}  // namespace warren::bench

#endif  // WARREN_BENCH_LOAD_NODE_H_
