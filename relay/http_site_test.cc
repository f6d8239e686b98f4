#include "relay/http_site.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"
#include "relay/verify_client.h"
#include "relay/websocket.h"

namespace warren::relay {
namespace {

using absl::StrContains;

crypto::NodeKey Server() {
  SeededRng rng(1);
  return crypto::NodePrivateKey::Generate(rng).public_key();
}

HttpAnswer Ask(const std::string& method, const std::string& target,
               io::HttpHeaders headers = {}) {
  return Answer(
      {.method = method, .target = target, .headers = std::move(headers)},
      Server());
}

TEST(HttpSite, TheUpgradeNamesTheRelaysKey) {
  const HttpAnswer answer = Ask("GET", "/derp", {{"upgrade", "DERP"}});
  EXPECT_EQ(answer.then, Then::kDerp);
  EXPECT_EQ(answer.bytes,
            absl::StrCat("HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: DERP\r\nConnection: Upgrade\r\n"
                         "Derp-Version: 2\r\nDerp-Public-Key: ",
                         Server().ToHex(), "\r\n\r\n"));
}

TEST(HttpSite, AFastStartGetsNoHttpAnswer) {
  const HttpAnswer answer =
      Ask("GET", "/derp", {{"Upgrade", "derp"}, {"Derp-Fast-Start", "1"}});
  EXPECT_EQ(answer.then, Then::kDerp);
  EXPECT_EQ(answer.bytes, "");
  EXPECT_NE(
      Ask("GET", "/derp", {{"Upgrade", "derp"}, {"Derp-Fast-Start", "true"}})
          .bytes,
      "");
}

TEST(HttpSite, WebSocketOnlyWithTheDerpProtocol) {
  const HttpAnswer with = Ask("GET", "/derp",
                              {{"Upgrade", "WebSocket"},
                               {"Sec-WebSocket-Key", "x"},
                               {"Sec-WebSocket-Protocol", "a, derp"}});
  EXPECT_EQ(with.then, Then::kDerpWebSocket);
  const HttpAnswer without = Ask(
      "GET", "/derp", {{"Upgrade", "websocket"}, {"Sec-WebSocket-Key", "x"}});
  EXPECT_EQ(without.then, Then::kDerp);
  EXPECT_TRUE(StrContains(without.bytes, "Upgrade: DERP"));
}

struct PathCase {
  const char* name;
  const char* method;
  const char* target;
  const char* status;
};

class PathTest : public testing::TestWithParam<PathCase> {};

TEST_P(PathTest, IsAnsweredAndClosed) {
  const HttpAnswer answer = Ask(GetParam().method, GetParam().target);
  EXPECT_EQ(answer.then, Then::kClose);
  EXPECT_TRUE(StrContains(answer.bytes, GetParam().status)) << answer.bytes;
}

INSTANTIATE_TEST_SUITE_P(
    , PathTest,
    testing::Values(PathCase{"NoUpgrade", "GET", "/derp", " 426 "},
                    PathCase{"Probe", "HEAD", "/derp/probe", " 200 "},
                    PathCase{"Latency", "GET", "/derp/latency-check?x",
                             " 200 "},
                    PathCase{"ProbePost", "POST", "/derp/probe", " 405 "},
                    PathCase{"Portal", "GET", "/generate_204", " 204 "},
                    PathCase{"Home", "GET", "/", " 200 "},
                    PathCase{"PostHome", "POST", "/", " 405 "},
                    PathCase{"Robots", "GET", "/robots.txt", " 200 "},
                    PathCase{"Nothing", "GET", "/x", " 404 "},
                    PathCase{"NotExactly", "GET", "/derp/", " 404 "}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(HttpSite, RepeatsOnlyAHarmlessChallenge) {
  const auto response = [](const std::string& challenge) {
    return StrContains(
        Ask("GET", "/generate_204", {{"X-Tailscale-Challenge", challenge}})
            .bytes,
        "X-Tailscale-Response: response ");
  };
  EXPECT_TRUE(response("Az09._:-"));
  EXPECT_TRUE(response(std::string(64, 'a')));
  EXPECT_FALSE(response(std::string(65, 'a')));
  EXPECT_FALSE(response("a b"));
  EXPECT_FALSE(response("<x>"));
}

// What a client would send: masked with 01 02 03 04.
std::vector<uint8_t> ClientFrame(uint8_t first, absl::string_view payload) {
  std::vector<uint8_t> out = {first};
  if (payload.size() < 126) {
    out.push_back(static_cast<uint8_t>(0x80 | payload.size()));
  } else {
    out.push_back(0x80 | 126);
    out.push_back(static_cast<uint8_t>(payload.size() >> 8));
    out.push_back(static_cast<uint8_t>(payload.size()));
  }
  for (uint8_t i = 1; i <= 4; ++i) out.push_back(i);
  for (size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<uint8_t>(payload[i] ^ (i % 4 + 1)));
  }
  return out;
}

// The payload of `stream` given in pieces of `step`, or the error.
std::string DecodeAll(std::vector<uint8_t> stream, size_t step,
                      std::vector<uint8_t>& reply) {
  WebSocketReader reader;
  std::string out;
  MutableBytes rest = stream;
  while (!rest.empty()) {
    const MutableBytes piece = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(piece.size());
    const auto n = reader.Decode(piece, reply);
    if (!n.ok()) return std::string(n.status().message());
    out.append(AsText(piece.first(*n)).data(), *n);
  }
  return out;
}

TEST(WebSocket, UnwrapsMessagesHoweverTheyAreCut) {
  const std::string large(40000, 'x');
  auto stream = ClientFrame(0x02, "hel");  // a message in two parts,
  for (const auto& more :
       {ClientFrame(0x89, "ping"),  // a ping between them,
        ClientFrame(0x80, "lo "), ClientFrame(0x82, large)}) {
    stream.insert(stream.end(), more.begin(), more.end());
  }
  for (const size_t step : {size_t{1}, size_t{5}, stream.size()}) {
    SCOPED_TRACE(step);
    std::vector<uint8_t> reply;
    EXPECT_EQ(DecodeAll(stream, step, reply), "hello " + large);
    EXPECT_EQ(AsText(reply), "\x8a\x04ping");
  }
}

TEST(WebSocket, RefusesWhatIsNotDerpInside) {
  std::vector<uint8_t> reply;
  EXPECT_TRUE(StrContains(DecodeAll(ClientFrame(0x81, "hi"), 99, reply),
                          "text message"));
  EXPECT_TRUE(
      StrContains(DecodeAll({0x82, 0x01, 'x'}, 99, reply), "not masked"));
  EXPECT_TRUE(StrContains(DecodeAll(ClientFrame(0x09, "x"), 99, reply),
                          "control frame"));
  EXPECT_TRUE(
      StrContains(DecodeAll(ClientFrame(0xc2, "x"), 99, reply), "extension"));
  EXPECT_TRUE(
      StrContains(DecodeAll(ClientFrame(0x88, ""), 99, reply), "closed"));
}

TEST(WebSocket, WritesMessagesThatStockClientsRead) {
  const auto frames = WebSocketFrames(std::vector<uint8_t>(40000, 1));
  EXPECT_EQ(frames.size(), 40000u + 4 + 4);
  EXPECT_EQ(frames[0], 0x82);
  EXPECT_EQ(frames[1], 126);
}

TEST(VerifyClientUrl, IsTakenApart) {
  const auto url = ParseUrl("https://[2001:db8::1]:8443/a?b");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "2001:db8::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a?b");
  EXPECT_EQ(ParseUrl("http://h")->port, 80);
  EXPECT_EQ(ParseUrl("http://h")->target, "/");
  for (const char* bad : {"", "ftp://h/", "http://", "http://h:0/",
                          "http://h:x/", "https://h/a b"}) {
    EXPECT_FALSE(ParseUrl(bad).ok()) << bad;
  }
}

TEST(VerifyClientBody, OnlyAPlainYesIsYes) {
  EXPECT_TRUE(BodyAllows("{\"Allow\":true}"));
  for (const char* no : {"", "{}", "{\"Allow\":false}", "{\"Allow\":\"true\"}",
                         "[true]", "{\"Allow\":true"}) {
    EXPECT_FALSE(BodyAllows(no)) << no;
  }
}

}  // namespace
}  // namespace warren::relay
