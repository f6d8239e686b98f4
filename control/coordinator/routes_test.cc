#include "control/coordinator/routes.h"

#include <gtest/gtest.h>

namespace warren::control {
namespace {

TEST(RoutesTest, SortsAndDropsDoubles) {
  const auto routes =
      ParseRoutes("routes", {"192.0.2.0/24", "10.0.0.0/8", "192.0.2.0/24",
                             "0.0.0.0/0", "2001:db8::/32", "::/0"});
  ASSERT_TRUE(routes.ok()) << routes.status();
  EXPECT_EQ(RoutesText(*routes),
            "0.0.0.0/0 10.0.0.0/8 192.0.2.0/24 ::/0 2001:db8::/32");
}

TEST(RoutesTest, SaysWhyAPrefixIsNoRoute) {
  const struct {
    const char* text;
    const char* why;
  } kCases[] = {
      {"100.64.1.0/24", "the tailnet itself"},
      {"100.0.0.0/8", "the tailnet itself"},
      {"fd7a:115c:a1e0:1::/64", "the tailnet itself"},
      {"127.0.0.0/8", "loopback"},
      {"::1", "loopback"},
      {"169.254.0.0/16", "link-local"},
      {"fe80::/64", "link-local"},
      {"224.0.0.0/8", "multicast"},
      {"ff02::/16", "multicast"},
      {"10.0.0.1/8", "host bits"},
      {"tomorrow", "host bits"},
      {"", "host bits"},
      {"0.0.0.0/1", "tailnet itself"},
  };
  for (const auto& c : kCases) {
    const auto routes = ParseRoutes("routes", {"192.0.2.0/24", c.text});
    ASSERT_EQ(routes.status().code(), absl::StatusCode::kInvalidArgument)
        << c.text;
    EXPECT_NE(routes.status().message().find(c.why), absl::string_view::npos)
        << c.text << ": " << routes.status();
  }
}

TEST(RoutesTest, RefusesTooMany) {
  std::vector<std::string> texts(257, "192.0.2.0/24");
  EXPECT_EQ(ParseRoutes("routes", texts).status().message(),
            "routes: 257, at most 256");
  texts.pop_back();
  EXPECT_TRUE(ParseRoutes("routes", texts).ok());
}

}  // namespace
}  // namespace warren::control
