#include "io/http_upgrade.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace warren::io {
namespace {

// Feeds `text` in pieces of `step` bytes; what is left after the head.
std::string TakeAll(HttpHeadReader& reader, absl::string_view text,
                    size_t step) {
  while (!text.empty()) {
    Bytes piece = AsBytes(text.substr(0, step));
    const size_t given = piece.size();
    const auto done = reader.Take(piece);
    if (!done.ok()) return std::string(done.status().message());
    text.remove_prefix(given - piece.size());
    if (*done) return std::string(text);
  }
  return "incomplete";
}

constexpr char kUpgrade[] =
    "GET /derp?x=1 HTTP/1.1\r\nHost: relay.example\r\n"
    "connection: Upgrade\r\nUpgrade: DERP\r\nDerp-Fast-Start: 1\r\n\r\n";

TEST(HttpHeadReader, LeavesWhatFollowsTheHeadHoweverItArrives) {
  for (const size_t step : {1u, 2u, 3u, 7u, 1000u}) {
    SCOPED_TRACE(step);
    HttpHeadReader reader;
    EXPECT_EQ(TakeAll(reader, std::string(kUpgrade) + "frames", step),
              "frames");
    const auto request = reader.Request();
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->method, "GET");
    EXPECT_EQ(request->path(), "/derp");
    EXPECT_EQ(request->Header("UPGRADE"), "DERP");
    EXPECT_EQ(request->Header("derp-fast-start"), "1");
    EXPECT_EQ(request->Header("Absent"), "");
  }
}

TEST(HttpHeadReader, RefusesAHeadWithoutEnd) {
  HttpHeadReader reader;
  const std::string text = "GET / HTTP/1.1\r\nX: " + std::string(20000, 'a');
  EXPECT_NE(TakeAll(reader, text, 1000).find("no end of the head"),
            std::string::npos);
}

TEST(HttpHeadReader, AcceptsTheLongestHead) {
  std::string text = "GET / HTTP/1.1\r\nX: ";
  text.append(kMaxHttpHeadSize - text.size() - 4, 'a');
  text += "\r\n\r\n";
  HttpHeadReader reader;
  EXPECT_EQ(TakeAll(reader, text, 999), "");
  EXPECT_TRUE(reader.Request().ok()) << reader.Request().status();
}

struct BadCase {
  const char* name;
  const char* head;
};

class BadHeadTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadHeadTest, IsRefused) {
  HttpHeadReader reader;
  EXPECT_EQ(TakeAll(reader, GetParam().head, 4096), "");
  EXPECT_EQ(reader.Request().status().code(),
            absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    , BadHeadTest,
    testing::Values(BadCase{"Nothing", "\r\n\r\n"},
                    BadCase{"NoVersion", "GET /\r\n\r\n"},
                    BadCase{"Http2Preface", "PRI * HTTP/2.0\r\n\r\n"},
                    BadCase{"NoColon", "GET / HTTP/1.1\r\nHost\r\n\r\n"},
                    BadCase{"SpaceInName", "GET / HTTP/1.1\r\nA b: c\r\n\r\n"},
                    BadCase{"TwoLengths",
                            "GET / HTTP/1.1\r\nContent-Length: 1\r\n"
                            "Content-Length: 2\r\n\r\n"},
                    BadCase{"TlsHello", "\x16\x03\x01\x02\r\n\r\n"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(HttpResponse, IsReadBackAsBuilt) {
  const std::string text = BuildHttpResponse(
      {.status = 101, .headers = {{"Upgrade", "DERP"}, {"Derp-Version", "2"}}});
  EXPECT_EQ(text,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\n"
            "Derp-Version: 2\r\n\r\n");
  HttpHeadReader reader;
  EXPECT_EQ(TakeAll(reader, text + "after", 5), "after");
  const auto response = reader.Response();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 101);
  EXPECT_EQ(response->Header("derp-version"), "2");
}

TEST(HttpResponse, SaysHowLongItsBodyIs) {
  const std::string text = BuildHttpResponse({.status = 200}, "hello");
  HttpHeadReader reader;
  EXPECT_EQ(TakeAll(reader, text, 4096), "hello");
  EXPECT_EQ(reader.Response()->ContentLength(), 5u);
  EXPECT_EQ(BuildHttpResponse({.status = 204}, "x"),
            "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(HttpRequest, IsReadBackAsBuilt) {
  const std::string text = BuildHttpRequest(
      {.method = "POST", .target = "/x", .headers = {{"Host", "h"}}}, "body");
  HttpHeadReader reader;
  EXPECT_EQ(TakeAll(reader, text, 4096), "body");
  const auto request = reader.Request();
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->ContentLength(), 4u);
  EXPECT_TRUE(request->keep_alive);
}

TEST(HttpRequest, AChunkedBodyHasNoLength) {
  HttpHeadReader reader;
  TakeAll(reader, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 99);
  ASSERT_TRUE(reader.Request().ok());
  EXPECT_FALSE(reader.Request()->ContentLength());
}

}  // namespace
}  // namespace warren::io
