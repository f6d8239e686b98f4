#include "io/control_url.h"

#include <vector>

#include "gtest/gtest.h"

namespace warren::io {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* canonical;  // "" = refused
  const char* authority = "";
};

class ControlUrlTest : public ::testing::TestWithParam<Case> {};

TEST_P(ControlUrlTest, IsParsedOrRefused) {
  const Case& c = GetParam();
  const auto url = ControlUrl::Parse(c.text);
  EXPECT_EQ(url.ok() ? url->ToString() : "", c.canonical) << url.status();
  EXPECT_EQ(url.ok() ? url->Authority() : "", c.authority);
  if (!url.ok()) {
    EXPECT_EQ(url.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , ControlUrlTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"Https", "https://ctl.example", "https://ctl.example",
         "ctl.example:443"},
        {"TrailingSlash", "https://ctl.example/", "https://ctl.example",
         "ctl.example:443"},
        {"HttpPort", "http://10.0.0.1:8080", "http://10.0.0.1:8080",
         "10.0.0.1:8080"},
        {"UsualPort", "http://a:80", "http://a", "a:80"},
        {"V6", "http://[fd00::1]", "http://[fd00::1]", "[fd00::1]:80"},
        {"V6Port", "https://[fd00::1]:8443", "https://[fd00::1]:8443",
         "[fd00::1]:8443"},
        {"NoScheme", "ctl.example", ""},
        {"OtherScheme", "ftp://ctl.example", ""},
        {"NoHost", "https://", ""},
        {"NoHostButPort", "https://:443", ""},
        {"Path", "https://a/b", ""},
        {"Query", "https://a?b", ""},
        {"User", "https://u@a", ""},
        {"Space", "https://a b", ""},
        {"NewLine", "https://a\r\nX: y", ""},
        {"PortZero", "https://a:0", ""},
        {"PortTooLarge", "https://a:65536", ""},
        {"PortText", "https://a:http", ""},
        {"PortMissing", "https://a:", ""},
        {"OpenBracket", "https://[fd00::1", ""},
        {"AfterBracket", "https://[fd00::1]x", ""},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::io
