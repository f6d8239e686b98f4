#include "io/tls.h"

#include <malloc.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::io {
namespace {

using Context = std::shared_ptr<const TlsContext>;

// A folder of this test, empty at its start.
std::string NewFolder() {
  std::string path = absl::StrCat(testing::TempDir(), "/tls.XXXXXX");
  EXPECT_NE(mkdtemp(path.data()), nullptr);
  return path;
}

Context Server(const std::string& folder, const std::string& meta_name = "",
               std::vector<std::string> alpn = {}) {
  TlsServerOptions options;
  options.self_signed_folder = folder;
  options.self_signed_name = "relay.example";
  options.meta_name = meta_name;
  options.alpn = std::move(alpn);
  const auto context = TlsContext::Server(options);
  EXPECT_TRUE(context.ok()) << context.status();
  return *context;
}

Context Client(TlsVerify verify, const std::string& pin = "",
               std::vector<std::string> alpn = {}) {
  TlsClientOptions options;
  options.verify = verify;
  options.pin = pin;
  options.alpn = std::move(alpn);
  const auto context = TlsContext::Client(options);
  EXPECT_TRUE(context.ok()) << context.status();
  return *context;
}

// Moves what `from` has to send, `step` bytes at a time.
absl::Status Carry(TlsSession& from, TlsSession& to, size_t step) {
  while (!from.ToWire().empty()) {
    const Bytes piece =
        from.ToWire().first(std::min(step, from.ToWire().size()));
    const absl::Status status = to.FromWire(piece);
    from.Sent(piece.size());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// The first error of either side, client first.
absl::Status Handshake(TlsSession& client, TlsSession& server,
                       size_t step = 100000) {
  for (int i = 0; i < 10; ++i) {
    const absl::Status at_server = Carry(client, server, step);
    const absl::Status at_client = Carry(server, client, step);
    if (!at_client.ok()) return at_client;
    if (!at_server.ok()) return at_server;
  }
  return absl::OkStatus();
}

std::string ReadAll(TlsSession& session) {
  std::string out;
  std::vector<uint8_t> buffer(5000);
  while (true) {
    const auto n = session.ReadPlain(buffer);
    if (!n.ok() || *n == 0) return out;
    out.append(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(*n));
  }
}

TEST(Tls, CarriesBytesBothWaysHoweverTheyAreCut) {
  const Context server_context = Server(NewFolder());
  const Context client_context = Client(TlsVerify::kOff);
  for (const size_t step : {1u, 7u, 100000u}) {
    SCOPED_TRACE(step);
    auto client = TlsSession::Connect(client_context, "relay.example");
    auto server = TlsSession::Accept(server_context);
    ASSERT_TRUE(Handshake(client, server, step).ok());
    ASSERT_TRUE(client.established() && server.established());
    EXPECT_TRUE(client.is_tls13());
    const std::string large(100000, 'x');
    ASSERT_TRUE(client.WritePlain(AsBytes(large)).ok());
    ASSERT_TRUE(server.WritePlain(AsBytes("hello")).ok());
    std::string got;
    while (!client.ToWire().empty()) {
      const size_t n = std::min<size_t>(client.ToWire().size(), 4000);
      ASSERT_TRUE(server.FromWire(client.ToWire().first(n)).ok());
      client.Sent(n);
      got += ReadAll(server);
    }
    EXPECT_EQ(got, large);
    ASSERT_TRUE(Carry(server, client, step).ok());
    EXPECT_EQ(ReadAll(client), "hello");
  }
}

TEST(Tls, NothingIsKeptOfWhatWasCarried) {
  auto client = TlsSession::Connect(Client(TlsVerify::kOff), "relay.example");
  auto server = TlsSession::Accept(Server(NewFolder()));
  ASSERT_TRUE(Handshake(client, server).ok());
  const std::vector<uint8_t> large(1'000'000, 1);
  const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  ASSERT_TRUE(server.WritePlain(large).ok());
  ASSERT_TRUE(Carry(server, client, 2'000'000).ok());
  EXPECT_EQ(ReadAll(client).size(), large.size());
  EXPECT_LT(mallinfo2().uordblks + mallinfo2().hblkhd, before + 50'000);
}

TEST(Tls, ManySmallFramesShareARecord) {
  auto client = TlsSession::Connect(Client(TlsVerify::kOff), "relay.example");
  auto server = TlsSession::Accept(Server(NewFolder()));
  ASSERT_TRUE(Handshake(client, server).ok());
  ASSERT_TRUE(client.WritePlain(std::vector<uint8_t>(16000, 1)).ok());
  EXPECT_LT(client.ToWire().size(), 16000u + 40u);
}

TEST(Tls, APinnedCertificateIsAcceptedAndNoOther) {
  const Context server_context = Server(NewFolder(), "derpkey00");
  const std::string pin = server_context->pin();
  EXPECT_TRUE(absl::StartsWith(pin, "sha256-raw:")) << pin;
  {
    auto client = TlsSession::Connect(Client(TlsVerify::kPin, pin),  //
                                      "relay.example");
    auto server = TlsSession::Accept(server_context);
    EXPECT_TRUE(Handshake(client, server).ok());
  }
  {
    auto client = TlsSession::Connect(Client(TlsVerify::kPin, pin),  //
                                      "other.example");
    auto server = TlsSession::Accept(server_context);
    const absl::Status status = Handshake(client, server);
    EXPECT_TRUE(absl::StrContains(status.message(), "not for the name"))
        << status;
  }
  {
    std::string wrong = pin;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    auto client =
        TlsSession::Connect(Client(TlsVerify::kPin, wrong), "relay.example");
    auto server = TlsSession::Accept(server_context);
    const absl::Status status = Handshake(client, server);
    EXPECT_TRUE(absl::StrContains(status.message(), "not the pinned one"))
        << status;
    EXPECT_FALSE(client.established());
    EXPECT_FALSE(client.WritePlain(AsBytes("secret")).ok());
  }
}

TEST(Tls, ASelfSignedCertificateIsNotTrustedByTheSystem) {
  auto client =
      TlsSession::Connect(Client(TlsVerify::kSystemRoots), "relay.example");
  auto server = TlsSession::Accept(Server(NewFolder()));
  const absl::Status status = Handshake(client, server);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "self signed")) << status;
}

TEST(Tls, ARootOfOursIsTrustedForItsNameOnly) {
  const std::string folder = NewFolder();
  const Context server_context = Server(folder, "derpkey00");
  TlsClientOptions options;
  options.roots_file = folder + "/self-signed.crt";
  const auto client_context = TlsContext::Client(options);
  ASSERT_TRUE(client_context.ok()) << client_context.status();
  for (const bool right : {true, false}) {
    auto client = TlsSession::Connect(
        *client_context, right ? "relay.example" : "other.example");
    auto server = TlsSession::Accept(server_context);
    EXPECT_EQ(Handshake(client, server).ok(), right);
  }
}

TEST(Tls, TheMetaCertificateReachesTheClientLast) {
  const std::string name = "derpkey" + std::string(64, 'a');
  auto client = TlsSession::Connect(Client(TlsVerify::kOff), "relay.example");
  auto server = TlsSession::Accept(Server(NewFolder(), name));
  ASSERT_TRUE(Handshake(client, server).ok());
  const auto chain = client.PeerChain();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].common_name, "relay.example");
  EXPECT_EQ(chain[1].common_name, name);
  EXPECT_EQ(chain[1].serial, 2u);
}

TEST(Tls, AgreesOnAProtocolOrOnNone) {
  const Context server_context = Server(NewFolder(), "", {"h2", "http/1.1"});
  auto both = TlsSession::Connect(
      Client(TlsVerify::kOff, "", {"http/1.1", "h2"}), "relay.example");
  auto server = TlsSession::Accept(server_context);
  ASSERT_TRUE(Handshake(both, server).ok());
  EXPECT_EQ(both.alpn(), "h2");  // The server's preference.
  EXPECT_EQ(server.alpn(), "h2");
  auto none = TlsSession::Connect(Client(TlsVerify::kOff, "", {"dot"}),
                                  "relay.example");
  auto second = TlsSession::Accept(server_context);
  ASSERT_TRUE(Handshake(none, second).ok());
  EXPECT_EQ(none.alpn(), "");
}

TEST(Tls, TheSelfSignedCertificateSurvivesARestart) {
  const std::string folder = NewFolder();
  const std::string pin = Server(folder)->pin();
  EXPECT_EQ(Server(folder)->pin(), pin);
  struct stat info {};
  ASSERT_EQ(stat((folder + "/self-signed.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

struct BadFiles {
  const char* name;
  const char* certificate;  // nullptr: absent
  const char* key;
  const char* complaint;
};

class BadFilesTest : public testing::TestWithParam<BadFiles> {};

TEST_P(BadFilesTest, AreRefusedByNameAndLeftAlone) {
  const std::string folder = NewFolder();
  const auto put = [&](const char* file, const char* text) {
    if (text != nullptr) std::ofstream(folder + file) << text;
  };
  put("/self-signed.crt", GetParam().certificate);
  put("/self-signed.key", GetParam().key);
  TlsServerOptions options;
  options.self_signed_folder = folder;
  const auto context = TlsContext::Server(options);
  EXPECT_EQ(context.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(
      absl::StrContains(context.status().message(), GetParam().complaint))
      << context.status();
}

INSTANTIATE_TEST_SUITE_P(
    , BadFilesTest,
    testing::Values(BadFiles{"KeyAlone", nullptr, "x", "but no "},
                    BadFiles{"CertificateAlone", "x", nullptr, "but no "},
                    BadFiles{"Corrupt", "x", "y",
                             "self-signed.crt holds no PEM certificate"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Tls, SaysWhichFileIsMissing) {
  TlsServerOptions options;
  options.certificate_file = "/nonexistent/x.crt";
  options.key_file = "/nonexistent/x.key";
  EXPECT_TRUE(absl::StrContains(TlsContext::Server(options).status().message(),
                                "/nonexistent/x.crt"));
}

TEST(Tls, GarbageIsAnErrorAndNotACrash) {
  auto server = TlsSession::Accept(Server(NewFolder()));
  EXPECT_FALSE(server.FromWire(AsBytes("GET / HTTP/1.1\r\n\r\n")).ok());
}

TEST(Tls, SeesTheOtherSideClose) {
  auto client = TlsSession::Connect(Client(TlsVerify::kOff), "relay.example");
  auto server = TlsSession::Accept(Server(NewFolder()));
  ASSERT_TRUE(Handshake(client, server).ok());
  client.Close();
  ASSERT_TRUE(Carry(client, server, 1000).ok());
  EXPECT_EQ(ReadAll(server), "");
  EXPECT_TRUE(server.closed());
}

}  // namespace
}  // namespace warren::io
