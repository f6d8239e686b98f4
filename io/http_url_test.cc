#include "io/http_url.h"

#include <string>

#include "gtest/gtest.h"

namespace warren::io {
namespace {

struct Case {
  const char* name;
  std::string text;
  std::string origin;  // "" = refused
  std::string target = "";
};

class HttpUrlTest : public ::testing::TestWithParam<Case> {};

TEST_P(HttpUrlTest, IsParsedOrRefused) {
  const Case& c = GetParam();
  const auto url = HttpUrl::Parse(c.text);
  EXPECT_EQ(url.ok() ? url->origin.ToString() : "", c.origin) << url.status();
  EXPECT_EQ(url.ok() ? url->target : "", c.target);
  if (url.ok()) return;
  EXPECT_EQ(url.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(url.status().message().find("secret"), absl::string_view::npos);
}

INSTANTIATE_TEST_SUITE_P(
    , HttpUrlTest,
    ::testing::Values(
        Case{"Bare", "https://id.example", "https://id.example", "/"},
        Case{"Path", "https://id.example/a/b?c=d&e", "https://id.example",
             "/a/b?c=d&e"},
        Case{"QueryAlone", "https://id.example?c", "https://id.example", "/?c"},
        Case{"Port", "http://127.0.0.1:8080/x", "http://127.0.0.1:8080", "/x"},
        Case{"V6", "https://[2001:db8::1]:1/x", "https://[2001:db8::1]:1",
             "/x"},
        Case{"User", "https://secret@id.example/", ""},
        Case{"UserInPath", "https://id.example/a@b", "https://id.example",
             "/a@b"},
        Case{"Fragment", "https://id.example/#secret", ""},
        Case{"Scheme", "ftp://id.example/secret", ""},
        Case{"File", "file:///etc/secret", ""}, Case{"Relative", "/path", ""},
        Case{"NoHost", "https:///path", ""},
        Case{"Port0", "https://id.example:0/", ""},
        Case{"PortHuge", "https://id.example:65536/", ""},
        Case{"Space", "https://id.example/a b", ""},
        Case{"LineEnd", "https://id.example/a\r\nsecret: b", ""},
        Case{"Nul", std::string("https://id.example/\0", 20), ""},
        Case{"NotAscii", "https://id.example/\xc3\xa9", ""},
        Case{"PercentHost", "https://id%2eexample/", ""},
        Case{"Backslash", "https://id.example\\@secret/", ""},
        Case{"TooLong", "https://id.example/" + std::string(8192, 'a'), ""}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace warren::io
