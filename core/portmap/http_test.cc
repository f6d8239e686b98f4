#include "core/portmap/http.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

using testing::At;

struct Good {
  const char* name;
  std::string text;
  int status;
  std::string body;
};
class GoodResponse : public ::testing::TestWithParam<Good> {};

TEST_P(GoodResponse, HasItsBody) {
  const auto response = ParseHttpResponse(GetParam().text);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, GetParam().status);
  EXPECT_EQ(response->body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(
    , GoodResponse,
    ::testing::ValuesIn(std::vector<Good>{
        {"ToTheEnd", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nbody", 200, "body"},
        {"OfALength", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody+more",
         200, "body"},
        {"SameLengthTwice",
         "HTTP/1.1 200 OK\r\ncontent-length:4\r\nContent-Length: 4 "
         "\r\n\r\nbody",
         200, "body"},
        {"OfNoLength", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
         404, ""},
        {"NoReason", "HTTP/1.1 500\r\n\r\n", 500, ""},
        {"LinesOfUnix", "HTTP/1.1 200 OK\nA: b\n\nbody", 200, "body"},
        {"Chunked",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
         "3\r\nbod\r\n1;x=y\r\ny\r\n0\r\nTrailer: z\r\n\r\n",
         200, "body"},
        {"AfterContinue",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", 200, "x"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

struct Bad {
  const char* name;
  std::string text;
};
class BadResponse : public ::testing::TestWithParam<Bad> {};

TEST_P(BadResponse, IsRefused) {
  EXPECT_FALSE(ParseHttpResponse(GetParam().text).ok());
}

std::string Chunked(const std::string& chunks) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
}

INSTANTIATE_TEST_SUITE_P(
    , BadResponse,
    ::testing::ValuesIn(std::vector<Bad>{
        {"Empty", ""},
        {"SomethingElse", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
        {"StatusOfTwoDigits", "HTTP/1.1 20 OK\r\n\r\n"},
        {"StatusOfFourDigits", "HTTP/1.1 2000 OK\r\n\r\n"},
        {"NegativeStatus", "HTTP/1.1 -20 OK\r\n\r\n"},
        {"HeadersCutOff", "HTTP/1.1 200 OK\r\nServer: x\r\n"},
        {"HeaderWithoutColon", "HTTP/1.1 200 OK\r\nServer\r\n\r\n"},
        {"HeaderOfTwoLines", "HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\n\r\n"},
        {"BodyCutOff", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody"},
        {"TwoLengths",
         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"},
        {"NegativeLength", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nbody"},
        {"HugeLength",
         "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx"},
        {"LengthAndChunks",
         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
         "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
        {"Gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx"},
        {"ChunkCutOff", Chunked("5\r\nbody")},
        {"ChunkWithoutEnd", Chunked("2\r\nbody\r\n0\r\n\r\n")},
        {"NoLastChunk", Chunked("4\r\nbody\r\n")},
        {"ChunkSizeOverflows", Chunked("ffffffffffffffffff\r\nx")},
        {"ChunkOfNegativeSize", Chunked("-1\r\nx")},
        {"EndlessContinue",
         absl::StrCat("HTTP/1.1 100 C\r\n\r\n", "HTTP/1.1 100 C\r\n\r\n",
                      "HTTP/1.1 100 C\r\n\r\n", "HTTP/1.1 100 C\r\n\r\n",
                      "HTTP/1.1 100 C\r\n\r\n", "HTTP/1.1 200 C\r\n\r\n")},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(HttpResponse, HasABoundedNumberOfHeaders) {
  std::string text = "HTTP/1.1 200 OK\r\n";
  for (size_t i = 0; i < kMaxHttpHeaders; ++i)
    absl::StrAppend(&text, "a: b\r\n");
  EXPECT_TRUE(ParseHttpResponse(text + "\r\n").ok());
  EXPECT_FALSE(ParseHttpResponse(text + "a: b\r\n\r\n").ok());
}

TEST(HttpUrl, IsAnAddressAPortAndAPath) {
  const auto url = ParseHttpUrl("HTTP://192.168.1.1:5000/desc.xml?a=b");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, At("192.168.1.1:5000"));
  EXPECT_EQ(url->path, "/desc.xml?a=b");
  const auto bare = ParseHttpUrl("http://192.168.1.1");
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->host, At("192.168.1.1:80"));
  EXPECT_EQ(bare->path, "/");
}

TEST(HttpUrl, IsNothingElse) {
  for (const char* text :
       {"", "http://", "http:///x", "https://192.168.1.1/x", "ftp://10.0.0.1/",
        "http://router.example/x", "http://192.168.1.1:0/x",
        "http://192.168.1.1:99999/x", "http://10.0.0.1/a b",
        "http://10.0.0.1/a\r\nHost: b"}) {
    EXPECT_FALSE(ParseHttpUrl(text).ok()) << text;
  }
  EXPECT_FALSE(
      ParseHttpUrl(absl::StrCat("http://10.0.0.1/", std::string(2000, 'a')))
          .ok());
}

struct Reference {
  const char* name;
  const char* base;
  const char* reference;
  const char* host;
  const char* path;
};
class HttpReference : public ::testing::TestWithParam<Reference> {};

TEST_P(HttpReference, IsReadAtItsBase) {
  const Reference& c = GetParam();
  const auto url = ResolveHttpUrl(ParseHttpUrl(c.base).value(), c.reference);
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, At(c.host));
  EXPECT_EQ(url->path, c.path);
}

INSTANTIATE_TEST_SUITE_P(
    , HttpReference,
    ::testing::ValuesIn(std::vector<Reference>{
        {"Path", "http://10.0.0.1:5/a/b.xml", "/ctl", "10.0.0.1:5", "/ctl"},
        {"Sibling", "http://10.0.0.1:5/a/b.xml", "ctl", "10.0.0.1:5", "/a/ctl"},
        {"SiblingOfAQuery", "http://10.0.0.1:5/a?x=/y", "ctl", "10.0.0.1:5",
         "/ctl"},
        {"Url", "http://10.0.0.1:5/a", "http://10.0.0.2:6/c", "10.0.0.2:6",
         "/c"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::portmap
