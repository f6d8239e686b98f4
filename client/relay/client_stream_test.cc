#include "client/relay/client_stream.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "client/relay/test_loop.h"
#include "client/relay/test_server.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

// A stream and what it told.
struct Client {
  Client(TestLoop& loop, std::vector<net::Endpoint> endpoints,
         std::shared_ptr<const io::TlsContext> tls = nullptr) {
    StreamCallbacks callbacks;
    callbacks.established = [this] { ++established; };
    callbacks.bytes = [this](Bytes bytes) {
      received += std::string(AsText(bytes));
      return refusal;
    };
    callbacks.closed = [this](absl::Status status) {
      ++closed;
      why = std::move(status);
      if (destroy_when_closed) stream.reset();
    };
    stream = std::make_unique<ClientStream>(
        *loop,
        StreamTarget{.endpoints = std::move(endpoints),
                     .tls_name = "relay.example",
                     .tls = std::move(tls)},
        std::move(callbacks));
    loop.Drive(this);
  }
  Instant Next() const { return stream ? stream->Next() : Instant::Never(); }
  void OnTimeout(Instant now) {
    if (stream) stream->OnTimeout(now);
  }
  bool Says(absl::string_view text) const {
    return absl::StrContains(why.message(), text);
  }

  int established = 0;
  int closed = 0;
  std::string received;
  absl::Status refusal;  // what the owner thinks of the bytes
  absl::Status why;
  bool destroy_when_closed = false;
  std::unique_ptr<ClientStream> stream;
};

std::string Pattern(size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * i >> 5);
  return out;
}

void Ignore(TestConnection&) {}

class ClientStreamTest : public testing::TestWithParam<bool> {
 protected:
  ClientStreamTest() {
    if (GetParam()) tls_.emplace();
  }
  std::shared_ptr<const io::TlsContext> server_tls() const {
    return tls_ ? tls_->server : nullptr;
  }
  std::shared_ptr<const io::TlsContext> client_tls() const {
    return tls_ ? tls_->client : nullptr;
  }
  std::optional<TestTls> tls_;
  TestLoop loop_;
};

INSTANTIATE_TEST_SUITE_P(, ClientStreamTest, testing::Bool(),
                         [](const auto& param) {
                           return std::string(param.param ? "Tls" : "Plain");
                         });

TEST_P(ClientStreamTest, CarriesBytesBothWays) {
  std::string at_server;
  TestServer server(
      *loop_,
      [&](TestConnection& connection) {
        connection.on_bytes = [&](Bytes bytes) {
          at_server += std::string(AsText(bytes));
          connection.Write(AsBytes("answer"));
        };
      },
      server_tls());
  Client client(loop_, {server.endpoint()}, client_tls());
  ASSERT_TRUE(loop_.RunUntil([&] { return client.established == 1; }));
  client.stream->Write(AsBytes("ques"));
  client.stream->Write(AsBytes("tion"));
  client.stream->Flush();
  ASSERT_TRUE(loop_.RunUntil([&] { return client.received == "answer"; }));
  EXPECT_EQ(at_server, "question");
  EXPECT_EQ(client.closed, 0);
  EXPECT_EQ(client.established, 1);
}

TEST_P(ClientStreamTest, DeliversAllThatCameBeforeTheOtherEndClosed) {
  const std::string all = Pattern(5'000'000);
  TestServer server(
      *loop_,
      [&](TestConnection& connection) {
        connection.Write(AsBytes(all));
        connection.CloseWhenSent();
      },
      server_tls());
  Client client(loop_, {server.endpoint()}, client_tls());
  ASSERT_TRUE(loop_.RunUntil([&] { return client.closed > 0; }));
  EXPECT_TRUE(client.received == all);
  EXPECT_TRUE(absl::IsUnavailable(client.why)) << client.why;
  EXPECT_FALSE(client.stream->open());
}

TEST_P(ClientStreamTest, KeepsWhatASlowReaderDoesNotTakeYet) {
  std::string at_server;
  TestServer server(
      *loop_,
      [&](TestConnection& connection) {
        connection.on_bytes = [&](Bytes bytes) {
          at_server += std::string(AsText(bytes));
        };
      },
      server_tls());
  Client client(loop_, {server.endpoint()}, client_tls());
  ASSERT_TRUE(loop_.RunUntil([&] { return client.established == 1; }));
  server.connections()[0]->SetReading(false);
  const std::string all = Pattern(20'000'000);
  for (size_t i = 0; i < all.size(); i += 50'000) {
    client.stream->Write(AsBytes(all).subspan(i, 50'000));
    client.stream->Flush();
  }
  EXPECT_GT(client.stream->backlog(), 5'000'000u);
  const int turns = loop_.num_turns();
  loop_.RunFor(absl::Milliseconds(50));
  EXPECT_LT(loop_.num_turns() - turns, 10) << "it spins";
  server.connections()[0]->SetReading(true);
  ASSERT_TRUE(loop_.RunUntil([&] { return at_server.size() == all.size(); }));
  EXPECT_TRUE(at_server == all);
  EXPECT_EQ(client.stream->backlog(), 0u);
}

TEST_P(ClientStreamTest, EndsWithWhatItsOwnerThinksOfTheBytes) {
  TestServer server(
      *loop_,
      [&](TestConnection& connection) {
        connection.Write(AsBytes("nonsense"));
      },
      server_tls());
  Client client(loop_, {server.endpoint()}, client_tls());
  client.refusal = absl::InvalidArgumentError("that is nonsense");
  client.destroy_when_closed = true;
  ASSERT_TRUE(loop_.RunUntil([&] { return client.closed > 0; }));
  EXPECT_EQ(client.why, client.refusal);
  ASSERT_TRUE(loop_.RunUntil([&] { return !server.connections()[0]->open(); }));
  EXPECT_EQ(client.closed, 1);
}

TEST_P(ClientStreamTest, FailsOnceWithTheFirstReason) {
  TestServer server(*loop_, Ignore, server_tls());
  Client client(loop_, {server.endpoint()}, client_tls());
  ASSERT_TRUE(loop_.RunUntil([&] { return client.established == 1; }));
  client.stream->Fail(absl::UnavailableError("first"));
  client.stream->Fail(absl::UnavailableError("second"));
  client.stream->Write(AsBytes("lost"));
  client.stream->Flush();
  EXPECT_EQ(client.closed, 0) << "only OnTimeout tells";
  ASSERT_TRUE(loop_.RunUntil([&] { return client.closed > 0; }));
  const int turns = loop_.num_turns();
  loop_.RunFor(absl::Milliseconds(20));
  EXPECT_LT(loop_.num_turns() - turns, 10) << "it spins";
  EXPECT_EQ(client.closed, 1);
  EXPECT_TRUE(client.Says("first")) << client.why;
}

TEST(ClientStream, TellsOfARefusedAddressAfterItsConstructor) {
  TestLoop loop;
  const net::Endpoint nobody = RefusingEndpoint();
  Client client(loop, {nobody});
  client.destroy_when_closed = true;
  EXPECT_EQ(client.closed, 0);
  ASSERT_TRUE(loop.RunUntil([&] { return client.closed > 0; }));
  EXPECT_EQ(client.established, 0);
  EXPECT_TRUE(client.Says(nobody.ToString())) << client.why;
  EXPECT_TRUE(client.Says("refused")) << client.why;
}

TEST(ClientStream, TellsThatItHasNoAddress) {
  TestLoop loop;
  Client client(loop, {});
  ASSERT_TRUE(loop.RunUntil([&] { return client.closed > 0; }));
  EXPECT_TRUE(client.Says("no address")) << client.why;
  EXPECT_EQ(client.closed, 1);
}

TEST(ClientStream, TriesTheNextAddressAfterARefusal) {
  TestLoop loop;
  TestServer server(*loop, Ignore);
  Client client(loop, {RefusingEndpoint(), RefusingEndpoint(),  //
                       server.endpoint()});
  ASSERT_TRUE(loop.RunUntil([&] { return client.established == 1; }));
  EXPECT_EQ(client.closed, 0);
}

TEST(ClientStream, TriesTheNextAddressWhenOneIsSilent) {
  TestLoop loop(20);
  TestServer server(*loop, Ignore);
  const BlackHole silent;
  const Instant start = loop->Now();
  Client client(loop, {silent.endpoint(), server.endpoint()});
  ASSERT_TRUE(loop.RunUntil([&] { return client.established == 1; }));
  EXPECT_GE(loop->Now() - start, ClientStream::kAddressDeadline);
  EXPECT_LT(loop.num_turns(), 20) << "it spins";
}

TEST(ClientStream, GivesUpASilentLastAddress) {
  TestLoop loop(100);
  const BlackHole silent;
  const Instant start = loop->Now();
  Client client(loop, {silent.endpoint()});
  ASSERT_TRUE(loop.RunUntil([&] { return client.closed > 0; }));
  EXPECT_GE(loop->Now() - start, ClientStream::kLastAddressDeadline);
  EXPECT_TRUE(client.Says("no answer")) << client.why;
}

TEST(ClientStream, RefusesAServerThatIsNotThePinnedOne) {
  TestLoop loop;
  const TestTls ours, theirs;
  TestServer server(*loop, Ignore, theirs.server);
  Client client(loop, {server.endpoint()}, ours.client);
  ASSERT_TRUE(loop.RunUntil([&] { return client.closed > 0; }));
  EXPECT_EQ(client.established, 0);
  EXPECT_TRUE(client.Says("certificate")) << client.why;
}

TEST(ClientStream, MayBeDestroyedInAnyPhase) {
  TestLoop loop;
  const TestTls tls;
  TestServer server(*loop, Ignore, tls.server);
  for (int turns = 0; turns < 8; ++turns) {
    Client client(loop, {server.endpoint()}, tls.client);
    const int end = loop.num_turns() + turns;
    loop.RunUntil([&] { return loop.num_turns() >= end; }, absl::Seconds(1));
    loop.Drive<Client>(nullptr);
  }
}

}  // namespace
}  // namespace warren::client
