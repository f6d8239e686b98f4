#include "core/filter/prefix_set.h"

#include <algorithm>
#include <vector>

#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::filter {
namespace {

net::IpAddress Ip(const char* text) { return *net::IpAddress::Parse(text); }
net::IpPrefix Net(const char* text) { return *net::IpPrefix::Parse(text); }

TEST(PrefixSet, CoversItsPrefixesToTheLastAddress) {
  const PrefixSet set(
      std::vector{Net("10.0.0.0/30"), Net("10.0.0.8/32"), Net("fd7a::/127")});
  EXPECT_TRUE(set.Contains(Ip("10.0.0.0")));
  EXPECT_TRUE(set.Contains(Ip("10.0.0.3")));
  EXPECT_FALSE(set.Contains(Ip("10.0.0.4")));
  EXPECT_TRUE(set.Contains(Ip("10.0.0.8")));
  EXPECT_TRUE(set.Contains(Ip("fd7a::1")));
  EXPECT_FALSE(set.Contains(Ip("fd7a::2")));
}

TEST(PrefixSet, KeepsTheFamiliesApart) {
  const PrefixSet set(std::vector{Net("0.0.0.0/0")});
  EXPECT_TRUE(set.Contains(Ip("255.255.255.255")));
  EXPECT_FALSE(set.Contains(Ip("::")));
}

TEST(PrefixSet, SaysWhatEachPrefixSays) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    // Few bits vary, so that prefixes nest and addresses hit.
    const auto address = [&rng] {
      return net::IpAddress::V4(0x0a000000 +
                                static_cast<uint32_t>(rng.Below(64)));
    };
    std::vector<net::IpPrefix> prefixes;
    for (uint64_t i = rng.Below(6); i > 0; --i) {
      prefixes.emplace_back(address(), 26 + static_cast<int>(rng.Below(7)));
    }
    const PrefixSet set(prefixes);
    for (uint32_t host = 0; host < 70; ++host) {
      const auto a = net::IpAddress::V4(0x0a000000 + host);
      EXPECT_EQ(set.Contains(a),
                std::ranges::any_of(prefixes, [&](const net::IpPrefix& p) {
                  return p.Contains(a);
                }));
    }
  }
}

}  // namespace
}  // namespace warren::filter
