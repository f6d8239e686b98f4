#include "io/http_client.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/http_test_server.h"

namespace warren::io {
namespace {

using Server = HttpTestServer;

HttpClientOptions Local() {
  HttpClientOptions options;
  options.allow_private_addresses = true;
  return options;
}

absl::StatusOr<HttpAnswer> Call(
    const HttpClientOptions& options, const HttpCall& call,
    const std::shared_ptr<Cancel>& cancel = std::make_shared<Cancel>()) {
  auto client = HttpClient::Make(options, *cancel);
  if (!client.ok()) return client.status();
  return (*client)->Call(call);
}

absl::StatusOr<HttpAnswer> Get(const std::string& url,
                               const HttpClientOptions& options = Local()) {
  HttpCall call;
  call.url = url;
  return Call(options, call);
}

TEST(HttpClientTest, GetsAndPosts) {
  Server server([](const HttpRequest& request, const std::string& body) {
    return Server::Answer(
        201, "text/plain",
        absl::StrCat(request.method, " ", request.target, " ",
                     request.Header("Accept"), " ", request.Header("Host"), " ",
                     request.Header("Content-Length"), " ", body));
  });
  HttpCall call;
  call.url = server.url() + "/a?b=c";
  call.headers = {{"Accept", "x"}};
  const std::string host = absl::StrCat("127.0.0.1:", server.port());
  auto answer = Call(Local(), call);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->Header("content-type"), "text/plain");
  EXPECT_EQ(answer->body, absl::StrCat("GET /a?b=c x ", host, "  "));
  call.method = "POST";
  call.body = std::string(100'000, 'y');
  answer = Call(Local(), call);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body,
            absl::StrCat("POST /a?b=c x ", host, " 100000 ", call.body));
}

TEST(HttpClientTest, DoesNotFollowRedirects) {
  int calls = 0;
  Server server([&](const HttpRequest&, const std::string&) {
    ++calls;
    return std::string(
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n"
        "Content-Length: 0\r\n\r\n");
  });
  const auto answer = Get(server.url());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(calls, 1);
}

struct Raw {
  const char* name;
  std::string answer;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string body = "";
};

class HttpClientAnswerTest : public ::testing::TestWithParam<Raw> {};

TEST_P(HttpClientAnswerTest, IsTakenOrRefused) {
  const Raw& row = GetParam();
  Server server(
      [&](const HttpRequest&, const std::string&) { return row.answer; });
  HttpClientOptions options = Local();
  options.max_body = 1000;
  options.total_timeout = absl::Seconds(row.answer == Server::kHang ? 0.2 : 10);
  const auto answer = Get(server.url(), options);
  EXPECT_EQ(answer.status().code(), row.code) << answer.status();
  if (!answer.ok()) return;
  EXPECT_EQ(answer->body, row.body);
}

using Code = absl::StatusCode;
const char kOk[] = "HTTP/1.1 200 OK\r\n";

INSTANTIATE_TEST_SUITE_P(
    , HttpClientAnswerTest,
    ::testing::Values(
        Raw{"Length", absl::StrCat(kOk, "Content-Length: 2\r\n\r\nhi"),
            Code::kOk, "hi"},
        Raw{"Chunks",
            absl::StrCat(kOk, "Transfer-Encoding: chunked\r\n\r\n",
                         "1\r\nh\r\n1;x=y\r\ni\r\n0\r\n\r\n"),
            Code::kOk, "hi"},
        Raw{"UntilTheEnd", absl::StrCat(kOk, "\r\nhi"), Code::kOk, "hi"},
        Raw{"JustFits",
            absl::StrCat(kOk, "Content-Length: 1000\r\n\r\n",
                         std::string(1000, 'a')),
            Code::kOk, std::string(1000, 'a')},
        Raw{"Silent", Server::kHang, Code::kUnavailable},
        Raw{"Closed", "", Code::kUnavailable},
        Raw{"CutShort", absl::StrCat(kOk, "Content-Length: 9\r\n\r\nhi"),
            Code::kUnavailable},
        Raw{"HeadCutShort", "HTTP/1.1 200 OK\r\nContent-Le",
            Code::kUnavailable},
        Raw{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n\r\n", Code::kUnavailable},
        Raw{"Interim", "HTTP/1.1 100 Continue\r\n\r\n", Code::kUnavailable},
        Raw{"SaysTooMuch", absl::StrCat(kOk, "Content-Length: 1001\r\n\r\n"),
            Code::kResourceExhausted},
        Raw{"TooMuch", absl::StrCat(kOk, "\r\n", std::string(10 << 20, 'a')),
            Code::kResourceExhausted},
        Raw{"TooMuchInChunks",
            absl::StrCat(kOk, "Transfer-Encoding: chunked\r\n\r\n", "300\r\n",
                         std::string(768, 'a'), "\r\n300\r\n",
                         std::string(768, 'a'), "\r\n0\r\n\r\n"),
            Code::kResourceExhausted},
        Raw{"BadChunk",
            absl::StrCat(kOk, "Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
            Code::kUnavailable},
        Raw{"EndlessChunkLine",
            absl::StrCat(kOk, "Transfer-Encoding: chunked\r\n\r\n1;",
                         std::string(1 << 20, 'a')),
            Code::kResourceExhausted},
        Raw{"EndlessTrailer",
            absl::StrCat(kOk, "Transfer-Encoding: chunked\r\n\r\n0\r\n",
                         std::string(1 << 20, 'a')),
            Code::kResourceExhausted},
        Raw{"EndlessHead", absl::StrCat(kOk, std::string(1 << 20, 'a')),
            Code::kResourceExhausted},
        Raw{"HeadTooBig",
            absl::StrCat(kOk, "A: ", std::string(20'000, 'a'), "\r\n\r\n"),
            Code::kResourceExhausted}),
    [](const auto& row) { return row.param.name; });

TEST(HttpClientTest, AnswersToCancel) {
  auto cancel = std::make_shared<Cancel>();
  Server server([&](const HttpRequest&, const std::string&) {
    cancel->Now();
    return std::string(Server::kHang);
  });
  HttpCall call;
  call.url = server.url();
  EXPECT_EQ(Call(Local(), call, cancel).status().code(), Code::kCancelled);
}

TEST(HttpClientTest, CallsNobodyOnPrivateNetworksUnlessAllowed) {
  int calls = 0;
  Server server([&](const HttpRequest&, const std::string&) {
    ++calls;
    return Server::Answer(200, "text/plain", "");
  });
  for (const std::string host :
       {"127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254",
        "100.100.100.100", "[fe80::1]", "[::ffff:127.0.0.1]", "2130706433",
        "0x7f.1", "[64:ff9b::7f00:1]"}) {
    const auto answer =
        Get(absl::StrCat("https://", host, ":", server.port(), "/"), {});
    EXPECT_EQ(answer.status().code(), Code::kPermissionDenied)
        << host << ": " << answer.status();
  }
  EXPECT_EQ(Get(server.url(), {}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(calls, 0);
}

TEST(HttpClientTest, SpeaksHttpOnLoopbackAlone) {
  // Even when private addresses are allowed.
  EXPECT_EQ(Get("http://10.0.0.1/").status().code(), Code::kPermissionDenied);
}

TEST(HttpClientTest, KnowsPublicAddresses) {
  for (const std::string text :
       {"1.1.1.1", "100.63.255.255", "100.128.0.0", "172.32.0.1", "198.17.0.1",
        "198.20.0.0", "2606:4700::1111", "64:ff9b::101:101",
        "2002:101:101::1"}) {
    EXPECT_TRUE(IsPublicAddress(*net::IpAddress::Parse(text))) << text;
  }
  for (const std::string text : {"0.0.0.0",
                                 "0.1.2.3",
                                 "10.1.2.3",
                                 "100.64.0.1",
                                 "127.0.0.1",
                                 "169.254.169.254",
                                 "172.16.0.1",
                                 "192.0.0.8",
                                 "192.168.1.1",
                                 "198.18.0.1",
                                 "198.19.255.255",
                                 "224.0.0.1",
                                 "240.0.0.1",
                                 "255.255.255.255",
                                 "::",
                                 "::1",
                                 "fe80::1",
                                 "fc00::1",
                                 "fd7a:115c:a1e0::1",
                                 "ff02::1",
                                 "::ffff:10.0.0.1",
                                 "64:ff9b::a00:1",
                                 "2002:a00:1::1",
                                 "2001:0:1::1",
                                 "64:ff9b:1::1",
                                 "::7f00:1"}) {
    EXPECT_FALSE(IsPublicAddress(*net::IpAddress::Parse(text))) << text;
  }
}

// https://localhost with a certificate of its own making.
class HttpsTest : public ::testing::Test {
 protected:
  HttpsTest() : folder_(testing::TempDir() + "/https.XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  std::unique_ptr<Server> Serve(const std::string& name) {
    TlsServerOptions options;
    options.self_signed_folder = folder_;
    options.self_signed_name = name;
    auto tls = TlsContext::Server(options);
    EXPECT_TRUE(tls.ok()) << tls.status();
    return std::make_unique<Server>(
        [](const HttpRequest&, const std::string&) {
          return Server::Answer(200, "text/plain", "sealed");
        },
        *tls);
  }
  std::string roots() const {
    std::ifstream file(folder_ + "/self-signed.crt");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::string folder_;
};

TEST_F(HttpsTest, TrustsTheExtraRoots) {
  const auto server = Serve("127.0.0.1");
  HttpClientOptions options = Local();
  options.extra_roots = roots();
  const auto answer = Get(server->url(), options);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "sealed");
}

TEST_F(HttpsTest, TrustsNobodyElse) {
  const auto server = Serve("127.0.0.1");
  EXPECT_EQ(Get(server->url()).status().code(), Code::kUnavailable);
}

TEST_F(HttpsTest, WantsTheNameInTheCertificate) {
  const auto server = Serve("other.example");
  HttpClientOptions options = Local();
  options.extra_roots = roots();
  EXPECT_EQ(Get(server->url(), options).status().code(), Code::kUnavailable);
}

TEST_F(HttpsTest, WantsCertificatesAsRoots) {
  HttpClientOptions options;
  for (const std::string text : {"/nowhere/roots.pem", "-----BEGIN ", " "}) {
    options.extra_roots = text;
    EXPECT_EQ(Get("https://127.0.0.1", options).status().code(),
              Code::kInvalidArgument);
    EXPECT_FALSE(CheckExtraRoots(text).ok());
  }
}

TEST(HttpClientTest, HeadersCannotEndLines) {
  HttpCall call;
  call.url = "http://127.0.0.1:1/";
  call.headers = {{"Authorization", "a\r\nB: c"}};
  EXPECT_EQ(Call(Local(), call).status().code(), Code::kInvalidArgument);
}

TEST(HttpClientTest, EncodesForms) {
  EXPECT_EQ(FormEncode({{"a b", "c&d=e"}, {"f", "\xc3\xa9~-._"}, {"g", ""}}),
            "a%20b=c%26d%3De&f=%C3%A9~-._&g=");
}

}  // namespace
}  // namespace warren::io
