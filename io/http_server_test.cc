#include "io/http_server.h"

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/http_test_client.h"

namespace warren::io {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Answers with what it was asked: "GET|/path|query|body|client|secure".
WebReply Echo(const WebRequest& request) {
  WebReply reply;
  reply.content_type = "text/plain";
  reply.body = absl::StrCat(request.method, "|", request.path, "|",
                            request.query, "|", request.body, "|",
                            request.client, "|", request.secure ? "s" : "-");
  return reply;
}

std::unique_ptr<HttpServer> StartServer(HttpServerOptions options = {}) {
  options.routes.Add("/", Echo);
  return *HttpServer::Start(std::move(options));
}

TEST(HttpServer, AnswersRequestAfterRequestOnOneConnection) {
  auto server = StartServer();
  HttpTestClient client(*server);
  EXPECT_THAT(client.Ask("GET /a%20b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                    EndsWith("GET|/a b|x=1||203.0.113.7|-")));
  EXPECT_THAT(client.Ask("POST / HTTP/1.1\r\nHost: h\r\n"
                         "Content-Length: 3\r\n\r\nabc"),
              EndsWith("POST|/||abc|203.0.113.7|-"));
  // Two that come together are answered in order.
  client.Say(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.Answer(), HasSubstr("GET|/1|"));
  EXPECT_THAT(client.Answer(), HasSubstr("GET|/2|"));
  EXPECT_EQ(client.HearAll(), "");
  EXPECT_EQ(server->counters().requests, 4u);
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  auto server = StartServer();
  HttpTestClient client(*server);
  client.ExpectNoBodies();
  const std::string answer = client.Ask("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer,
              AllOf(HasSubstr("Content-Length: 22"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(client.Ask("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, PutsARequestTogetherFromSingleBytes) {
  auto server = StartServer();
  HttpTestClient client(*server);
  for (const char c : std::string("POST / HTTP/1.1\r\nHost: h\r\n"
                                  "Content-Length: 2\r\n\r\nhi")) {
    client.Say(absl::string_view(&c, 1));
  }
  EXPECT_THAT(client.Answer(), HasSubstr("|hi|"));
}

TEST(HttpServer, TellsWhoWaitsForItToSendTheBody) {
  auto server = StartServer();
  HttpTestClient client(*server);
  EXPECT_EQ(client.Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                       "Expect: 100-continue\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(client.Ask("hi"), HasSubstr("|hi|"));
}

TEST(HttpServer, SaysHowItsPagesMayBeUsed) {
  HttpServerOptions options;
  options.tls = true;
  auto server = StartServer(std::move(options));
  HttpTestClient client(*server);
  const std::string answer = client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  for (const char* header :
       {"Cache-Control: no-store", "X-Content-Type-Options: nosniff",
        "frame-ancestors 'none'", "script-src 'self';", "X-Frame-Options: DENY",
        "Referrer-Policy: same-origin", "Strict-Transport-Security: max-age"}) {
    EXPECT_THAT(answer, HasSubstr(header));
  }
  auto plain = StartServer();
  EXPECT_THAT(HttpTestClient(*plain).Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
              Not(HasSubstr("Strict-Transport")));
}

TEST(HttpServer, AHandlerCannotSplitItsAnswer) {
  HttpServerOptions options;
  options.routes.Add("/", [](const WebRequest&) {
    WebReply reply;
    reply.headers = {{"Location", "/\r\nX-Evil: 1"}, {"X-Good", "1"}};
    return reply;
  });
  auto server = *HttpServer::Start(std::move(options));
  EXPECT_THAT(HttpTestClient(*server).Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
              AllOf(Not(HasSubstr("X-Evil")), HasSubstr("X-Good: 1")));
}

struct BadCase {
  const char* name;
  std::string request;
  const char* want;
};

class BadHttpTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadHttpTest, IsAnsweredAndTheConnectionEnds) {
  auto server = StartServer();
  HttpTestClient client(*server);
  client.Say(GetParam().request);
  const std::string answer = client.HearAll();
  EXPECT_THAT(answer, StartsWith(absl::StrCat("HTTP/1.1 ", GetParam().want)));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_THAT(answer, Not(HasSubstr("silence")));
  EXPECT_EQ(server->counters().malformed, 1u);
  // Others are served.
  EXPECT_THAT(HttpTestClient(*server).Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

std::string Get(absl::string_view target) {
  return absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: h\r\n\r\n");
}
std::string With(absl::string_view headers) {
  return absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\n", headers, "\r\n");
}
std::string Repeat(size_t n, const std::string& text) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += text;
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    , BadHttpTest,
    ::testing::ValuesIn(std::vector<BadCase>{
        {"Garbage", "\x16\x03\x01\r\n\r\n", "400"},
        {"EmptyLines", "\r\n\r\n", "400"},
        {"TwoWords", "GET /\r\n\r\n", "400"},
        {"Http2WithoutPreface", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
        {"Http09", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", "505"},
        {"BareLineFeed", "GET / HTTP/1.1\nHost: h\r\n\r\n", "400"},
        {"Star", Get("*"), "400"},
        {"Connect", "CONNECT x:1 HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
        {"EmptyTarget", Get(""), "400"},
        {"AbsoluteTarget", Get("http://h/"), "400"},
        {"DoubleSlash", Get("//a/../b"), "400"},
        {"DotDot", Get("/a/../b"), "400"},
        {"EscapedDotDot", Get("/%2e%2e/b"), "400"},
        {"EscapedDot", Get("/%2E"), "400"},
        {"Nul", Get("/a%00b"), "400"},
        {"EscapedSlash", Get("/a%2fb"), "400"},
        {"EscapedBackslash", Get("/a%5cb"), "400"},
        {"EscapedLineFeed", Get("/a%0ab"), "400"},
        {"HalfEscape", Get("/a%2"), "400"},
        {"NotHex", Get("/a%zz"), "400"},
        {"NotUtf8", Get("/%ff"), "400"},
        {"OverlongUtf8", Get("/%c0%af"), "400"},
        {"RawUtf8", Get("/\xc3\xa4"), "400"},
        {"LongTarget", Get("/" + std::string(9000, 'a')), "414"},
        {"NoHost", "GET / HTTP/1.1\r\n\r\n", "400"},
        {"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"HostWithMarkup", "GET / HTTP/1.1\r\nHost: <b>\r\n\r\n", "400"},
        {"SpaceBeforeColon", With("X : 1\r\n"), "400"},
        {"FoldedHeader", With("X: 1\r\n 2\r\n"), "400"},
        {"NulInHeader", With(std::string("X: a\0b\r\n", 8)), "400"},
        {"ManyHeaders", With(Repeat(101, "X: 1\r\n")), "431"},
        {"HugeHead", With("X: " + std::string(40'000, 'a')), "431"},
        {"MegabyteHead", With("X: " + std::string(1 << 20, 'a')), "431"},
        {"TwoWaysToEnd",
         With("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), "400"},
        {"TwoLengths", With("Content-Length: 3\r\nContent-Length: 3\r\n"),
         "400"},
        {"ListOfLengths", With("Content-Length: 3, 3\r\n"), "400"},
        {"SignedLength", With("Content-Length: +3\r\n"), "400"},
        {"NegativeLength", With("Content-Length: -3\r\n"), "400"},
        {"HugeLength", With("Content-Length: 99999999999999999999\r\n"), "400"},
        {"Chunked", With("Transfer-Encoding: chunked\r\n"), "411"},
        {"BigBody", With("Content-Length: 1048577\r\n"), "413"},
        {"BigBodyAndAsked",
         With("Content-Length: 1048577\r\nExpect: 100-continue\r\n"), "413"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(HttpServer, RefusesABigBodyWithoutReadingIt) {
  auto server = StartServer();
  HttpTestClient client(*server);
  EXPECT_THAT(client.Ask("POST / HTTP/1.1\r\nHost: h\r\n"
                         "Content-Length: 2000000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  // Who sends it all the same still finds the answer, not a reset.
  HttpTestClient stubborn(*server);
  stubborn.Say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" +
               std::string(100'000, 'x'));
  EXPECT_THAT(stubborn.HearAll(), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServer, GivesTheSlowALimitedTime) {
  HttpServerOptions options;
  options.head_time = absl::Milliseconds(50);
  options.body_time = absl::Milliseconds(50);
  options.idle_time = absl::Milliseconds(50);
  auto server = StartServer(std::move(options));
  HttpTestClient head(*server);
  head.Say("GET / HTTP/1.1\r\nHost: ");
  EXPECT_THAT(head.HearAll(), StartsWith("HTTP/1.1 408"));
  HttpTestClient body(*server);
  body.Say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_THAT(body.HearAll(), StartsWith("HTTP/1.1 408"));
  HttpTestClient silent(*server);
  EXPECT_EQ(silent.HearAll(), "");
  HttpTestClient idle(*server);
  EXPECT_THAT(idle.Ask(Get("/")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(idle.HearAll(), "");
}

TEST(HttpServer, AByteNowAndThenGainsNoTime) {
  HttpServerOptions options;
  options.head_time = absl::Milliseconds(100);
  auto server = StartServer(std::move(options));
  HttpTestClient client(*server);
  client.Say("GET / HTTP/1.1\r\nX: ");
  bool listens = true;
  for (int i = 0; i < 2000 && listens; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    listens = client.Say("a") && server->counters().malformed == 0;
  }
  EXPECT_FALSE(listens);
  EXPECT_THAT(client.HearAll(), StartsWith("HTTP/1.1 408"));
}

TEST(HttpServer, ASlowRouteLeavesThreadsToOthers) {
  HttpServerOptions options;
  options.num_workers = 2;
  absl::Notification go_on;
  options.routes.Add(
      "/slow",
      [&](const WebRequest& request) {
        go_on.WaitForNotification();
        return Echo(request);
      },
      /*max_at_once=*/1);
  auto server = StartServer(std::move(options));
  HttpTestClient first(*server), second(*server);
  first.Say(Get("/slow"));
  second.Say(Get("/slow/2"));
  EXPECT_THAT(HttpTestClient(*server).Ask(Get("/slower")),
              HasSubstr("GET|/slower|"));
  go_on.Notify();
  EXPECT_THAT(first.Answer(), HasSubstr("GET|/slow|"));
  EXPECT_THAT(second.Answer(), HasSubstr("GET|/slow/2|"));
}

TEST(HttpServer, ANewcomerPushesOutWhoIdles) {
  HttpServerOptions options;
  options.max_connections = 1;
  auto server = StartServer(std::move(options));
  HttpTestClient idle(*server);
  EXPECT_THAT(idle.Ask(Get("/")), StartsWith("HTTP/1.1 200"));
  HttpTestClient busy(*server);
  busy.Say("GET / HTTP");
  EXPECT_EQ(idle.HearAll(), "");
  // One that is in the middle of a request stays.
  EXPECT_EQ(HttpTestClient(*server).HearAll(), "");
  EXPECT_THAT(busy.Ask("/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(server->counters().refused_full, 2u);
}

TEST(HttpServer, HandsHttp2OverWithAllThatCame) {
  HttpServerOptions options;
  std::string got;
  absl::Notification given;
  options.http2 = [&](Handover handover) {
    got = std::string(AsText(handover.plain));
    given.Notify();
  };
  auto server = StartServer(std::move(options));
  HttpTestClient client(*server);
  client.Say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n....");
  given.WaitForNotification();
  EXPECT_EQ(got, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n....");
  auto without = StartServer();
  HttpTestClient refused(*without);
  refused.Say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_EQ(refused.HearAll(), "");
}

struct ForwardedCase {
  const char* name;
  const char* remote;
  const char* headers;
  const char* want;  // client|secure
};

class ForwardedTest : public ::testing::TestWithParam<ForwardedCase> {};

TEST_P(ForwardedTest, BelievesTrustedProxiesAlone) {
  HttpServerOptions options;
  options.trusted_proxies = {*net::IpPrefix::Parse("10.0.0.0/8")};
  auto server = StartServer(std::move(options));
  HttpTestClient client(*server, GetParam().remote);
  EXPECT_THAT(client.Ask(absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\n",
                                      GetParam().headers, "\r\n")),
              EndsWith(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    , ForwardedTest,
    ::testing::ValuesIn(std::vector<ForwardedCase>{
        {"Stranger", "203.0.113.7:1",
         "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n",
         "|203.0.113.7|-"},
        {"Proxy", "10.0.0.1:1",
         "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n",
         "|1.1.1.1|s"},
        {"ProxyBehindProxy", "10.0.0.1:1",
         "X-Forwarded-For: 1.1.1.1, 10.0.0.2\r\n", "|1.1.1.1|-"},
        {"ClientLied", "10.0.0.1:1", "X-Forwarded-For: 9.9.9.9, 1.1.1.1\r\n",
         "|1.1.1.1|-"},
        {"TwoHeaders", "10.0.0.1:1",
         "X-Forwarded-For: 9.9.9.9\r\nx-forwarded-for: 1.1.1.1\r\n",
         "|1.1.1.1|-"},
        {"Garbage", "10.0.0.1:1", "X-Forwarded-For: <b>\r\n", "|10.0.0.1|-"},
        {"None", "10.0.0.1:1", "", "|10.0.0.1|-"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(WebRoutes, TheLongestPrefixOfWholeSegmentsWins) {
  WebRoutes routes;
  for (const char* prefix : {"/", "/api/v1", "/api"}) {
    routes.Add(prefix, Echo);
  }
  EXPECT_EQ(routes.Find("/api/v1/x")->prefix, "/api/v1");
  EXPECT_EQ(routes.Find("/api/v1")->prefix, "/api/v1");
  EXPECT_EQ(routes.Find("/api/v12")->prefix, "/api");
  EXPECT_EQ(routes.Find("/apis")->prefix, "/");
  EXPECT_EQ(WebRoutes().Find("/"), nullptr);
}

}  // namespace
}  // namespace warren::io
