#include "io/h2_session.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/h2_test_client.h"

namespace warren::io {
namespace {

using testing::HasSubstr;

constexpr size_t kRoom = 16 * 1024;  // as a connection takes at once

class H2SessionTest : public testing::Test, public H2Session::Handler {
 protected:
  void OnRequest(int32_t stream, H2Request request) override {
    EXPECT_TRUE(requests_.emplace(stream, request).second);
    if (answer_) answer_(stream, request);
  }
  void OnSent(int32_t stream) override {
    ++num_sent_[stream];
    if (refill_) refill_(stream);
  }
  void OnEnded(int32_t stream) override {
    EXPECT_TRUE(requests_.contains(stream));
    ++num_ended_[stream];
  }

  // What the server has to say now goes to the client; so many bytes.
  size_t Answer(H2TestClient& client, size_t limit = kRoom) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(server_.Take(limit, out).ok());
    EXPECT_LE(out.size(), limit + kRoom + 9);
    EXPECT_TRUE(client.Receive(out));
    return out.size();
  }
  // Until nobody has anything to say.
  absl::Status Talk(H2TestClient& client) {
    while (true) {
      const std::string asked = client.Take();
      const absl::Status taken = server_.Receive(AsBytes(asked));
      if (!taken.ok()) return taken;
      if (Answer(client) == 0 && asked.empty()) return taken;
    }
  }
  absl::Status Talk() { return Talk(client_); }

  std::function<void(int32_t, const H2Request&)> answer_;
  std::function<void(int32_t)> refill_;
  std::map<int32_t, H2Request> requests_;
  std::map<int32_t, int> num_sent_, num_ended_;
  H2Session server_{*this};
  H2TestClient client_;
};

TEST_F(H2SessionTest, ACallHasAnAnswerAndAStatusHoweverItsBytesAreCut) {
  answer_ = [this](int32_t stream, const H2Request& request) {
    server_.Send(stream, "to " + request.message);
    server_.Finish(stream, absl::NotFoundError("no 100% \"Jörg\"\n"));
  };
  const int32_t stream = client_.Call("/a.B/C", "hello");
  while (true) {
    const std::string asked = client_.Take();
    for (const char& byte : asked) {
      ASSERT_TRUE(server_.Receive(AsBytes(absl::string_view(&byte, 1))).ok());
    }
    std::vector<uint8_t> out;
    ASSERT_TRUE(server_.Take(1, out).ok());
    for (const uint8_t& byte : out) {
      ASSERT_TRUE(client_.Receive(Bytes(&byte, 1)));
    }
    if (asked.empty() && out.empty()) break;
  }
  EXPECT_EQ(requests_.at(stream).path, "/a.B/C");
  EXPECT_EQ(requests_.at(stream).token, "00");
  const H2TestClient::Answer& answer = client_.answer(stream);
  EXPECT_EQ(answer.headers.at(":status"), "200");
  EXPECT_EQ(answer.headers.at("content-type"), "application/grpc");
  EXPECT_EQ(answer.headers.at("grpc-status"), "5");
  EXPECT_EQ(answer.headers.at("grpc-message"), "no 100%25 \"J%C3%B6rg\"%0A");
  EXPECT_EQ(answer.data, H2TestClient::Framed("to hello"));
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(num_ended_[stream], 1);
  EXPECT_EQ(server_.num_calls(), 0u);
}

TEST_F(H2SessionTest, CallsRunBesideAStreamThatStaysOpen) {
  const int32_t watch = client_.Call("/a.B/Watch", "");
  ASSERT_TRUE(Talk().ok());
  server_.Send(watch, "one");
  const int32_t report = client_.Call("/a.B/Report", "r");
  ASSERT_TRUE(Talk().ok());
  server_.Finish(report, absl::OkStatus());
  server_.Send(watch, "two");
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(client_.answer(report).headers.at("grpc-status"), "0");
  EXPECT_TRUE(client_.answer(report).closed);
  EXPECT_FALSE(client_.answer(watch).closed);
  EXPECT_EQ(client_.answer(watch).data,
            H2TestClient::Framed("one") + H2TestClient::Framed("two"));
  EXPECT_EQ(num_sent_[watch], 2);
  EXPECT_EQ(num_ended_[watch], 0);
}

TEST_F(H2SessionTest, ASlowReaderIsSentItsWindowAndHoldsUpNoOtherCall) {
  H2TestClient client(/*window=*/1000);
  const int32_t slow = client.Call("/a.B/Watch", "");
  ASSERT_TRUE(Talk(client).ok());
  server_.Send(slow, std::string(5000, 'x'));
  const int32_t other = client.Call("/a.B/Report", "");
  ASSERT_TRUE(Talk(client).ok());
  server_.Send(other, "quick");
  ASSERT_TRUE(Talk(client).ok());
  EXPECT_EQ(client.answer(slow).data.size(), 1000u);
  EXPECT_EQ(num_sent_[slow], 0);  // not to be given more
  EXPECT_EQ(client.answer(other).data, H2TestClient::Framed("quick"));
  client.OpenWindow(slow, 4000);
  ASSERT_TRUE(Talk(client).ok());
  EXPECT_EQ(num_sent_[slow], 0);
  client.OpenWindow(slow, 4000);
  ASSERT_TRUE(Talk(client).ok());
  EXPECT_EQ(client.answer(slow).data,
            H2TestClient::Framed(std::string(5000, 'x')));
  EXPECT_EQ(num_sent_[slow], 1);
}

TEST_F(H2SessionTest, NoMoreIsMadeThanTheConnectionTakes) {
  const int32_t stream = client_.Call("/a.B/Watch", "");
  ASSERT_TRUE(Talk().ok());
  server_.Send(stream, std::string(60'000, 'x'));
  size_t total = 0;
  for (size_t n = 0; (n = Answer(client_, 1000)) > 0; total += n) {
    EXPECT_LE(n, 1000 + kRoom + 9);
  }
  EXPECT_GT(total, 60'000u);
  EXPECT_EQ(num_sent_[stream], 1);
}

TEST_F(H2SessionTest, TheNextMessageMayBeGivenWhenOneHasGone) {
  int left = 3;
  refill_ = [&](int32_t stream) {
    if (--left > 0) return server_.Send(stream, "more");
    server_.Finish(stream, absl::OkStatus());
  };
  const int32_t stream = client_.Call("/a.B/Watch", "");
  ASSERT_TRUE(Talk().ok());
  server_.Send(stream, "first");
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(client_.answer(stream).data, H2TestClient::Framed("first") +
                                             H2TestClient::Framed("more") +
                                             H2TestClient::Framed("more"));
  EXPECT_EQ(client_.answer(stream).headers.at("grpc-status"), "0");
  EXPECT_EQ(num_ended_[stream], 1);
}

TEST_F(H2SessionTest, ACancelledCallEndsOnceAndIsForgotten) {
  const int32_t stream = client_.Call("/a.B/Watch", "");
  ASSERT_TRUE(Talk().ok());
  server_.Send(stream, std::string(100'000, 'x'));  // more than the window
  ASSERT_TRUE(Talk().ok());
  client_.Reset(stream);
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(num_ended_[stream], 1);
  EXPECT_EQ(server_.num_calls(), 0u);
  server_.Send(stream, "late");
  server_.Finish(stream, absl::OkStatus());
  const int32_t next = client_.Call("/a.B/Report", "");
  ASSERT_TRUE(Talk().ok());
  EXPECT_TRUE(requests_.contains(next));
  EXPECT_EQ(num_ended_[stream], 1);
}

TEST_F(H2SessionTest, WhatACancelledRequestHeldIsFreeAgain) {
  const std::string part(200 * 1024, 'x');
  for (int i = 0; i < 20; ++i) {
    const int32_t stream =
        client_.Ask(H2TestClient::Usual("/a.B/C"), part, /*ends=*/false);
    ASSERT_TRUE(Talk().ok());
    client_.Reset(stream);
    ASSERT_TRUE(Talk().ok());
  }
  EXPECT_TRUE(requests_.empty());
  EXPECT_EQ(server_.num_calls(), 0u);
  const int32_t stream = client_.Call("/a.B/C", part);
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(requests_.at(stream).message, part);
}

TEST_F(H2SessionTest, GoAwayEndsNothingThatRuns) {
  const int32_t before = client_.Call("/a.B/C", "");
  ASSERT_TRUE(Talk().ok());
  server_.GoAway();
  ASSERT_TRUE(Talk().ok());
  EXPECT_TRUE(client_.was_told_to_go());
  EXPECT_FALSE(server_.done());
  client_.Call("/a.B/C", "");  // its library does not even send this
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(requests_.size(), 1u);
  server_.Finish(before, absl::OkStatus());
  ASSERT_TRUE(Talk().ok());
  EXPECT_TRUE(client_.answer(before).closed);
  EXPECT_TRUE(server_.done());
}

TEST_F(H2SessionTest, AClientThatGoesAwayStillHearsItsAnswer) {
  const int32_t stream = client_.Call("/a.B/C", "");
  client_.GoAway();
  ASSERT_TRUE(Talk().ok());
  EXPECT_FALSE(server_.done());
  server_.Finish(stream, absl::OkStatus());
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(client_.answer(stream).headers.at("grpc-status"), "0");
  EXPECT_TRUE(server_.done());
}

struct Refusal {
  const char* name;
  H2TestClient::Headers headers;
  std::string body;
  const char* grpc_status;
  const char* message;
};

class Refused : public H2SessionTest,
                public testing::WithParamInterface<Refusal> {};

TEST_P(Refused, WithWordsAndNobodyIsBothered) {
  const Refusal& c = GetParam();
  const int32_t stream = client_.Ask(c.headers, c.body);
  ASSERT_TRUE(Talk().ok());
  client_.OpenWindow(0, 1 << 20);
  ASSERT_TRUE(Talk().ok());
  EXPECT_TRUE(requests_.empty());
  ASSERT_TRUE(client_.answer(stream).headers.contains("grpc-status"));
  EXPECT_EQ(client_.answer(stream).headers.at("grpc-status"), c.grpc_status);
  EXPECT_THAT(client_.answer(stream).headers.at("grpc-message"),
              HasSubstr(c.message));
  // The connection is as good as before.
  const int32_t next = client_.Call("/a.B/C", "");
  ASSERT_TRUE(Talk().ok());
  EXPECT_TRUE(requests_.contains(next));
}

H2TestClient::Headers OfHtml() {
  auto headers = H2TestClient::Usual("/");
  headers[5].second = "text/html";
  return headers;
}

INSTANTIATE_TEST_SUITE_P(
    , Refused,
    testing::ValuesIn(std::vector<Refusal>{
        {"NotGrpc", OfHtml(), "", "12", "only gRPC"},
        {"NoMessage", H2TestClient::Usual("/a.B/C"), "", "12", "one"},
        {"HalfAPrefix", H2TestClient::Usual("/a.B/C"), std::string(3, '\0'),
         "12", "one"},
        {"Compressed", H2TestClient::Usual("/a.B/C"),
         "\1" + std::string(4, '\0'), "12", "uncompressed"},
        {"TwoMessages", H2TestClient::Usual("/a.B/C"), std::string(10, '\0'),
         "12", "one"},
        {"ShorterThanItSays", H2TestClient::Usual("/a.B/C"),
         std::string("\0\0\0\0\5four", 9), "12", "one"},
        {"TooLarge", H2TestClient::Usual("/a.B/C"),
         H2TestClient::Framed(std::string(H2Session::kMaxRequest + 1, 'x')),
         "8", "262144"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(H2SessionTest, TheLargestRequestFits) {
  const std::string large(H2Session::kMaxRequest, 'x');
  const int32_t stream = client_.Call("/a.B/C", large);
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(requests_.at(stream).message, large);
}

TEST_F(H2SessionTest, AllRequestsTogetherAreBounded) {
  const std::string part(200 * 1024, 'x');
  std::vector<int32_t> streams;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(
        client_.Ask(H2TestClient::Usual("/a.B/C"), part, /*ends=*/false));
    ASSERT_TRUE(Talk().ok());
  }
  int refused = 0;
  for (const int32_t stream : streams) {
    refused += client_.answer(stream).headers.contains("grpc-status");
  }
  EXPECT_EQ(refused, 2);  // 512 kB hold two of them
}

TEST_F(H2SessionTest, CallsBeyondTheMostAreRefused) {
  std::vector<int32_t> streams;
  ASSERT_TRUE(Talk().ok());  // it knows the server's settings
  for (uint32_t i = 0; i < H2Session::kMaxCalls + 5; ++i) {
    streams.push_back(client_.Call("/a.B/C", ""));
  }
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(requests_.size(), H2Session::kMaxCalls);
  EXPECT_EQ(server_.num_calls(), H2Session::kMaxCalls);
  for (const int32_t stream : streams) {
    server_.Finish(stream, absl::OkStatus());
  }
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(requests_.size(), H2Session::kMaxCalls + 5);
}

// ---- those that mean ill ----

TEST_F(H2SessionTest, AMegabyteOfHeadersEndsTheConnection) {
  for (const size_t size : {size_t{1} << 16, size_t{1} << 20}) {
    H2Session server(*this);
    H2TestClient client;
    auto headers = H2TestClient::Usual("/a.B/C");
    // Its library sends no single header above 64 kB.
    for (size_t i = 0; i * 32'000 < size; ++i) {
      headers.emplace_back(absl::StrCat("x", i), std::string(32'000, 'x'));
    }
    client.Ask(headers, H2TestClient::Framed(""));
    const absl::Status status = server.Receive(AsBytes(client.Take()));
    std::vector<uint8_t> out;
    const bool over = !status.ok() || !server.Take(kRoom, out).ok() ||
                      server.num_calls() == 0;
    EXPECT_TRUE(over) << size;
    EXPECT_TRUE(requests_.empty());
  }
}

TEST_F(H2SessionTest, ALongPathIsNobodys) {
  const int32_t stream = client_.Call("/" + std::string(5000, 'x'), "");
  ASSERT_TRUE(Talk().ok());
  EXPECT_EQ(requests_.at(stream).path, "");
}

TEST_F(H2SessionTest, WhoCancelsAllTheTimeIsDropped) {
  ASSERT_TRUE(Talk().ok());
  absl::Status status;
  int rounds = 0;
  for (; rounds < 5000 && status.ok() && !client_.was_told_to_go(); ++rounds) {
    const int32_t stream = client_.Call("/a.B/C", "");
    status = server_.Receive(AsBytes(client_.Take()));
    client_.Reset(stream);
    if (status.ok()) status = Talk();
    EXPECT_EQ(server_.num_calls(), 0u);
  }
  EXPECT_LT(rounds, 5000);
}

TEST_F(H2SessionTest, WhoAsksForAnswersAndTakesNoneIsDropped) {
  absl::Status status = server_.Receive(AsBytes(client_.Take()));
  int rounds = 0;
  for (; rounds < 100'000 && status.ok(); ++rounds) {
    client_.Ping();
    status = server_.Receive(AsBytes(client_.Take()));
  }
  EXPECT_LT(rounds, 10'000);
  EXPECT_FALSE(status.ok());
}

TEST_F(H2SessionTest, WhatIsNotHttp2EndsTheConnection) {
  EXPECT_FALSE(server_.Receive(AsBytes("GET / HTTP/1.1\r\n\r\n")).ok());
  const std::string preface = client_.Take().substr(0, 24);
  // Frames after the preface: a settings frame of 5 bytes, one for a stream, a
  // frame larger than allowed, data on no stream, an unknown type.
  const absl::string_view kBad[] = {
      {"\0\0\5\4\0\0\0\0\0aaaaa", 14}, {"\0\0\0\4\0\0\0\0\1", 9},
      {"\1\0\0\0\0\0\0\0\1", 9},       {"\0\0\1\0\0\0\0\0\0a", 10},
      {"\0\0\1\7\7\0\0\0\1a", 10},
  };
  for (const absl::string_view bad : kBad) {
    H2Session server(*this);
    EXPECT_TRUE(server.Receive(AsBytes(preface)).ok());
    const absl::Status status = server.Receive(AsBytes(bad));
    std::vector<uint8_t> out;
    const absl::Status taken = server.Take(kRoom, out);
    EXPECT_TRUE(!status.ok() || !taken.ok() || server.done());
  }
}

}  // namespace
}  // namespace warren::io
