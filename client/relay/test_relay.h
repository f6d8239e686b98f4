#ifndef WARREN_CLIENT_RELAY_TEST_RELAY_H_
#define WARREN_CLIENT_RELAY_TEST_RELAY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/relay/test_server.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/frame.h"
#include "core/derp/login.h"
#include "core/derp/relay_map.h"
#include "io/http_upgrade.h"

namespace warren::client {

// How a relay of a test behaves, well or not. May be changed at any time.
struct TestRelayManners {
  int http_status = 101;
  bool answers_http = true;
  bool answers_login = true;
  bool throws_out = false;  // closes after the login
  bool answers_pings = true;
};

// A small DERP relay over the server's side of core/derp.
class TestRelay {
 public:
  explicit TestRelay(io::EventLoop& loop,
                     std::shared_ptr<const io::TlsContext> tls = nullptr,
                     uint16_t port = 0);

  // As a relay map names it.
  derp::RelayNode node(const std::string& name = "1a") const;
  bool Has(const crypto::NodeKey& client) const;
  // What the client said with NotePreferred; nullopt: nothing yet.
  std::optional<bool> Preferred(const crypto::NodeKey& client) const;
  // Closes every connection.
  void DropAll();
  void SendToAll(Bytes frame);

  TestRelayManners manners;
  size_t num_accepted() const { return server_.connections().size(); }
  size_t num_open() const;

 private:
  struct Client {
    TestConnection* connection = nullptr;
    bool upgraded = false;
    io::HttpHeadReader head;
    derp::FrameReader frames{derp::Reader::kServer};
    crypto::NodeKey key;  // zero before the login
    std::optional<bool> preferred;
  };

  void OnAccepted(TestConnection& connection);
  absl::Status OnBytes(Client& client, Bytes bytes);
  absl::Status OnFrame(Client& client, const derp::Frame& frame);
  absl::Status OnLogin(Client& client, Bytes payload);
  // Null when nobody of that key is connected.
  Client* Find(const crypto::NodeKey& key) const;

  SeededRng rng_{7};
  const crypto::NodePrivateKey key_ = crypto::NodePrivateKey::Generate(rng_);
  const bool has_tls_;
  std::string pin_;
  std::vector<std::unique_ptr<Client>> clients_;
  TestServer server_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_TEST_RELAY_H_
