#include "core/policy/address.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

net::IpPrefix Net(const char* text) {
  return net::IpPrefix::Parse(text).value();
}
AddressRange Range(const char* first, const char* last) {
  return {net::IpAddress::Parse(first).value(),
          net::IpAddress::Parse(last).value()};
}
std::vector<std::string> Texts(const AddressSet& set) {
  std::vector<std::string> texts;
  for (const AddressRange& range : set.ranges()) {
    texts.push_back(TextOf(range).text);
  }
  return texts;
}

TEST(Address, IsSpelledAsFiltersDo) {
  EXPECT_EQ(TextOf(Net("10.0.0.0/8")).text, "10.0.0.0/8");
  EXPECT_EQ(TextOf(Net("10.0.0.1/32")).text, "10.0.0.1");
  EXPECT_EQ(TextOf(Range("10.0.0.0", "10.0.0.255")).text, "10.0.0.0/24");
  EXPECT_EQ(TextOf(Range("10.0.0.0", "10.0.0.254")).text,
            "10.0.0.0-10.0.0.254");
  EXPECT_EQ(TextOf(Range("10.0.0.9", "10.0.0.9")).text, "10.0.0.9");
  EXPECT_EQ(TextOf(Range("0.0.0.0", "255.255.255.255")).text, "0.0.0.0/0");
  EXPECT_EQ(TextOf(Range("fd7a::", "fd7a::ffff")).text, "fd7a::/112");
}

TEST(Address, RangesOfPrefixesEndWithTheirLastAddress) {
  EXPECT_EQ(RangeOf(Net("10.8.0.0/13")), Range("10.8.0.0", "10.15.255.255"));
  EXPECT_EQ(RangeOf(Net("fd00::/127")), Range("fd00::", "fd00::1"));
  EXPECT_EQ(RangeOf(Net("::/0")),
            Range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(Address, StarCoversBothFamilies) {
  EXPECT_TRUE(EveryAddress().Overlaps(Range("1.2.3.4", "1.2.3.4")));
  EXPECT_TRUE(EveryAddress().Overlaps(Range("::1", "::1")));
}

TEST(Address, TheTailnetLeavesOutWhatChromeOsUses) {
  const auto has = [](const char* text) {
    for (const AddressText& range : TailnetAddresses()) {
      if (range.Overlaps(Range(text, text))) return true;
    }
    return false;
  };
  EXPECT_TRUE(has("100.64.0.0"));
  EXPECT_TRUE(has("100.115.91.255"));
  EXPECT_FALSE(has("100.115.92.0"));
  EXPECT_FALSE(has("100.115.93.255"));
  EXPECT_TRUE(has("100.115.94.0"));
  EXPECT_TRUE(has("100.127.255.255"));
  EXPECT_FALSE(has("100.128.0.0"));
  EXPECT_TRUE(has("fd7a:115c:a1e0::5"));
}

TEST(AddressSet, AddsAndRemoves) {
  AddressSet set;
  set.Add(RangeOf(Net("10.0.0.0/24")));
  set.Add(RangeOf(Net("10.0.1.0/24")));  // touches
  EXPECT_THAT(Texts(set), ElementsAre("10.0.0.0/23"));
  set.Remove(Range("10.0.0.128", "10.0.0.255"));
  EXPECT_THAT(Texts(set), ElementsAre("10.0.0.0/25", "10.0.1.0/24"));
  set.Add(RangeOf(Net("fd00::/64")));
  set.Add(RangeOf(Net("9.0.0.0/8")));
  EXPECT_THAT(Texts(set),
              ElementsAre("9.0.0.0-10.0.0.127", "10.0.1.0/24", "fd00::/64"));
  set.Remove(RangeOf(Net("0.0.0.0/0")));
  EXPECT_THAT(Texts(set), ElementsAre("fd00::/64"));
  set.Remove(RangeOf(Net("::/0")));
  EXPECT_THAT(Texts(set), IsEmpty());
}

TEST(AddressSet, GoesToTheEndsOfAFamily) {
  AddressSet set;
  set.Add(RangeOf(Net("0.0.0.0/0")));
  set.Add(RangeOf(Net("::/0")));
  set.Remove(Range("0.0.0.0", "0.0.0.0"));
  set.Remove(Range("255.255.255.255", "255.255.255.255"));
  EXPECT_THAT(Texts(set), ElementsAre("0.0.0.1-255.255.255.254", "::/0"));
}

}  // namespace
}  // namespace warren::policy
