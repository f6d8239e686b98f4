// What an H2Session keeps while nothing happens: a control server has one for
// each of its nodes.

#include <gtest/gtest.h>
#include <malloc.h>
#include <nghttp2/nghttp2.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "io/h2_session.h"

namespace warren::io {
namespace {

// The client's end of one call: counts what it is answered.
class TestClient {
 public:
  TestClient() {
    nghttp2_session_callbacks* callbacks = nullptr;
    WARREN_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, uint8_t, int32_t, const uint8_t* data,
                      size_t size, void* user) {
          static_cast<TestClient*>(user)->body_.append(
              reinterpret_cast<const char*>(data), size);
          return 0;
        });
    WARREN_CHECK(nghttp2_session_client_new(&session_, callbacks, this) == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    body_.reserve(4'000'000);  // It must not grow while memory is counted.
  }
  ~TestClient() { nghttp2_session_del(session_); }

  void Call() {
    const auto header = [](const char* name, const char* value) {
      const auto bytes = [](const char* text) {
        return reinterpret_cast<uint8_t*>(const_cast<char*>(text));
      };
      return nghttp2_nv{bytes(name), bytes(value), strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NONE};
    };
    const std::array<nghttp2_nv, 5> headers = {
        header(":method", "POST"), header(":scheme", "http"),
        header(":path", "/S/M"), header(":authority", "control"),
        header("content-type", "application/grpc")};
    nghttp2_data_provider provider{};
    provider.read_callback = [](nghttp2_session*, int32_t, uint8_t* buffer,
                                size_t, uint32_t* flags, nghttp2_data_source*,
                                void*) -> ssize_t {
      memset(buffer, 0, 5);  // One empty message.
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      return 5;
    };
    nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(),
                           &provider, nullptr);
  }
  // To and fro until neither has anything to say.
  void Exchange(H2Session& server) {
    for (bool moved = true; moved;) {
      moved = false;
      const uint8_t* bytes = nullptr;
      while (const ssize_t n = nghttp2_session_mem_send(session_, &bytes)) {
        ASSERT_GT(n, 0);
        ASSERT_TRUE(server.Receive({bytes, static_cast<size_t>(n)}).ok());
        moved = true;
      }
      std::vector<uint8_t> out;
      ASSERT_TRUE(server.Take(16 * 1024, out).ok());
      // A frame may go beyond the limit, not more.
      ASSERT_LT(out.size(), size_t{2 * 17 * 1024});
      ASSERT_EQ(nghttp2_session_mem_recv(session_, out.data(), out.size()),
                static_cast<ssize_t>(out.size()));
      moved = moved || !out.empty();
    }
  }
  const std::string& body() const { return body_; }

 private:
  nghttp2_session* session_ = nullptr;
  std::string body_;
};

struct TestHandler final : H2Session::Handler {
  void OnRequest(int32_t stream, H2Request) override {
    streams.push_back(stream);
  }
  void OnSent(int32_t) override { ++sent; }
  void OnEnded(int32_t) override { ++ended; }

  std::vector<int32_t> streams;
  int sent = 0;
  int ended = 0;
};

size_t BytesInUse() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

TEST(H2Memory, NothingIsKeptOfWhatWasSent) {
  TestHandler handler;
  H2Session server(handler);
  TestClient client;
  client.Call();
  client.Exchange(server);
  ASSERT_EQ(handler.streams.size(), 1u);
  const int32_t stream = handler.streams[0];

  std::string expected;
  expected.reserve(4'000'000);
  const size_t before = BytesInUse();
  for (int i = 0; i < 3; ++i) {
    const std::string message(1'000'000 + i, static_cast<char>('a' + i));
    server.Send(stream, message);
    EXPECT_EQ(handler.sent, i);
    client.Exchange(server);
    EXPECT_EQ(handler.sent, i + 1);
    expected += std::string("\0", 1) + std::string("\0\x0f\x42", 3) +
                static_cast<char>('@' + i) + message;
  }
  EXPECT_TRUE(client.body() == expected);
  EXPECT_LT(BytesInUse(), before + 64 * 1024);
  server.Finish(stream, absl::OkStatus());
  client.Exchange(server);
  EXPECT_EQ(handler.ended, 1);
}

TEST(H2Memory, SessionsThatWaitAreSmall) {
  constexpr size_t kSessions = 50;
  TestHandler handler;
  const size_t before = BytesInUse();
  std::vector<std::unique_ptr<H2Session>> sessions;
  for (size_t i = 0; i < kSessions; ++i) {
    sessions.push_back(std::make_unique<H2Session>(handler));
    TestClient client;
    client.Call();
    client.Exchange(*sessions.back());
    sessions.back()->Send(handler.streams.back(), std::string(30'000, 'x'));
    client.Exchange(*sessions.back());
    EXPECT_EQ(client.body().size(), 30'005u);
  }
  // 16 kB of these are the session's buffer of frames, of which no more than
  // its first page is ever touched.
  EXPECT_LT((BytesInUse() - before) / kSessions, 28'000u);
}

}  // namespace
}  // namespace warren::io
