#ifndef WARREN_RELAY_TEST_RELAY_H_
#define WARREN_RELAY_TEST_RELAY_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/client_session.h"
#include "io/clock.h"
#include "io/fd.h"
#include "io/tls.h"

// For tests: the real warren-relay on loopback, and clients that talk to it.
namespace warren::relay {

// An empty folder of this test.
std::string NewFolder();

// One run of the program. Free ports; key file in `folder`.
class RelayProcess {
 public:
  // Starts it with `arguments` after the ones for addresses and key file, and
  // waits until it serves or has ended.
  RelayProcess(const std::string& folder,
               const std::vector<std::string>& arguments);
  // Kills it if it runs.
  ~RelayProcess();
  RelayProcess(const RelayProcess&) = delete;
  RelayProcess& operator=(const RelayProcess&) = delete;

  // From its log; 0 when it did not come so far.
  uint16_t port() const { return PortAfter("listening address="); }
  uint16_t stun_port() const { return PortAfter("stun="); }
  uint16_t other_stun_port() const { return PortAfter("stun_other="); }
  uint16_t metrics_port() const { return PortAfter("metrics="); }
  pid_t pid() const { return pid_; }
  // What it has written to stderr, up to its start or end.
  const std::string& log() const { return log_; }
  // Waits for its end: the exit code, or -1 for a signal.
  int Wait();
  void Signal(int signal);

 private:
  uint16_t PortAfter(absl::string_view label) const;
  void ReadLogUntil(absl::string_view text);

  pid_t pid_ = -1;
  io::Fd stderr_;
  std::string log_;
  std::optional<int> exit_code_;
};

// A connection to 127.0.0.1. Reads wait until there is something, at most 10 s.
class TestConnection {
 public:
  explicit TestConnection(uint16_t port,
                          std::shared_ptr<const io::TlsContext> tls = nullptr,
                          int receive_buffer = 0);
  void Send(Bytes bytes);
  void SendText(absl::string_view text) { Send(AsBytes(text)); }
  // The next bytes; empty when the relay has closed, or after 10 s.
  std::vector<uint8_t> Receive();
  // Everything until the relay closes.
  std::string ReceiveAll();
  const io::TlsSession& tls() const { return *tls_; }
  int fd() const { return fd_.get(); }

 private:
  void SendWire(Bytes bytes);
  bool WaitFor(short events);

  io::Fd fd_;
  std::optional<io::TlsSession> tls_;
};

struct ReceivedPacket {
  crypto::NodeKey source;
  std::string packet;
};

// A DERP client, logged in.
class TestClient {
 public:
  struct Options {
    std::shared_ptr<const io::TlsContext> tls = nullptr;
    bool fast_start = false;
    int receive_buffer = 0;  // bytes, of the kernel; 0: its default
  };
  TestClient(uint16_t port, const crypto::NodePrivateKey& key,
             const Options& options);
  explicit TestClient(uint16_t port) : TestClient(port, NewKey(), Options()) {}

  static crypto::NodePrivateKey NewKey();

  bool logged_in() const { return session_->logged_in(); }
  const crypto::NodeKey& key() const { return key_; }
  void SendTo(const crypto::NodeKey& to, absl::string_view packet);
  // `count` packets in one write.
  void SendMany(const crypto::NodeKey& to, absl::string_view packet,
                size_t count);
  // The next packet; nullopt when the relay closed, or after 10 s.
  std::optional<ReceivedPacket> ReceivePacket();
  // The next event of kind T, others passed over.
  template <class T>
  std::optional<T> Receive() {
    while (true) {
      const auto event = ReceiveEvent();
      if (!event) return std::nullopt;
      if (const T* wanted = std::get_if<T>(&*event)) return *wanted;
    }
  }
  TestConnection& connection() { return connection_; }

 private:
  // A packet's view stays valid until the next call.
  std::optional<derp::ClientEvent> ReceiveEvent();
  void LogIn(bool fast_start);
  void Transmit() { connection_.Send(session_->PollTransmit()); }

  const crypto::NodeKey key_;
  io::Clock clock_;
  SeededRng rng_;
  TestConnection connection_;
  std::unique_ptr<derp::ClientSession> session_;
  std::vector<uint8_t> received_;
  Bytes rest_;
};

// GET `path` from a plain HTTP server on 127.0.0.1: head and body.
std::string HttpGet(uint16_t port, absl::string_view path);

}  // namespace warren::relay

#endif  // WARREN_RELAY_TEST_RELAY_H_
