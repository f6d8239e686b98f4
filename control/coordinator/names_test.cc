#include "control/coordinator/names.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "control/coordinator/addresses.h"
#include "control/coordinator/tailnet_words.h"

namespace warren::control {
namespace {

struct LabelCase {
  const char* name;
  std::string text;
  std::string want;
};
class LabelTest : public testing::TestWithParam<LabelCase> {};

TEST_P(LabelTest, FollowsFromTheText) {
  EXPECT_EQ(LabelFrom(GetParam().text), GetParam().want);
  EXPECT_TRUE(CheckLabel("name", LabelFrom(GetParam().text)).ok());
}

INSTANTIATE_TEST_SUITE_P(
    , LabelTest,
    testing::ValuesIn(std::vector<LabelCase>{
        {"Plain", "laptop", "laptop"},
        {"Case", "LapTop", "laptop"},
        {"Apostrophe", "Alice's MacBook Pro.local", "alices-macbook-pro"},
        {"Domain", "db.example.com", "db-example-com"},
        {"Spaces", "  my   pc  ", "my-pc"},
        {"Unicode", "b\xc3\xbcro", "b-ro"},
        {"OnlyUnicode", "\xe6\x97\xa5\xe6\x9c\xac", "device"},
        {"Empty", "", "device"},
        {"Hyphens", "--a--b--", "a-b"},
        {"Long", std::string(300, 'a'), std::string(63, 'a')},
        {"LongEndsInHyphen", std::string(62, 'a') + "-b", std::string(62, 'a')},
        {"Zero", std::string("a\0b", 3), "a-b"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(UniqueLabel, StaysALabelHoweverLong) {
  std::set<std::string> names;
  for (int i = 0; i < 120; ++i) {
    const std::string label = UniqueLabel(
        std::string(63, 'a'),
        [&names](const std::string& name) { return names.contains(name); });
    EXPECT_TRUE(CheckLabel("name", label).ok()) << label;
    names.insert(label);
  }
  EXPECT_EQ(names.size(), 120u);
}

TEST(Printable, IsValidShortAndWithoutControls) {
  EXPECT_EQ(Printable("b\xc3\xbcro"), "b\xc3\xbcro");
  EXPECT_EQ(Printable("a\n\x1b[31m\x7f"), "a??[31m?");
  EXPECT_EQ(Printable("\xff\xc3"), "??");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(Printable("\xc0\xaf"), "??");       // overlong
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");  // CSI, of C1
  EXPECT_EQ(Printable("a\xe2\x80\xae"
                      "b"),
            "a?b");  // turns what follows
  EXPECT_EQ(Printable("\xf0\x9f\xa6\xa6"), "\xf0\x9f\xa6\xa6");
  EXPECT_EQ(Printable(std::string(1000, 'x')).size(), 255u);
}

TEST(CheckLine, IsOneLineAndNotTooLong) {
  EXPECT_TRUE(CheckLine("x", "").ok());
  EXPECT_TRUE(CheckLine("x", std::string(255, 'x')).ok());
  for (const std::string& bad :
       {std::string(256, 'x'), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xff"), std::string("\xc2\x85")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckLine("x", bad))) << bad;
  }
}

TEST(TailnetName, HasManyPleasantPairs) {
  std::set<std::string> words;
  for (const auto& list : {FirstWords(), SecondWords()}) {
    EXPECT_GE(list.size(), 300u);
    for (const std::string word : list) {
      EXPECT_TRUE(words.insert(word).second) << word << " is there twice";
      EXPECT_TRUE(CheckLabel("word", word).ok()) << word;
      EXPECT_EQ(word.find('-'), std::string::npos) << word;
    }
  }
  SeededRng rng(7);
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) names.insert(TailnetName(rng));
  EXPECT_GT(names.size(), 95u);
}

TEST(CheckLogin, TakesNamesAndMailAddressesOnly) {
  for (const char* good : {"alice", "alice@example.com", "a.b-c_d+e", "7"}) {
    EXPECT_TRUE(CheckLogin("login", good).ok()) << good;
  }
  for (const char* bad : {"", "a b", "-a", "a/b", "a\nb", "\xc3\xbc"}) {
    EXPECT_FALSE(CheckLogin("login", bad).ok()) << bad;
  }
  EXPECT_FALSE(CheckLogin("login", std::string(300, 'a')).ok());
}

TEST(Addresses, LeaveOutWhatIsReserved) {
  for (const char* bad :
       {"100.63.255.254", "100.128.0.1", "100.100.100.100", "100.115.92.1",
        "100.115.93.254", "100.64.0.0", "100.64.7.255", "fd7a:115c:a1e0::1"}) {
    EXPECT_FALSE(IsNodeIpv4(*net::IpAddress::Parse(bad))) << bad;
  }
  for (const char* good : {"100.64.0.1", "100.127.255.254", "100.115.91.254",
                           "100.115.94.1", "100.100.100.101"}) {
    EXPECT_TRUE(IsNodeIpv4(*net::IpAddress::Parse(good))) << good;
  }
}

TEST(Addresses, PicksTheLastOneLeft) {
  SeededRng rng(1);
  const auto left = *net::IpAddress::Parse("100.90.1.2");
  const auto picked = PickIpv4(
      rng, [&left](const net::IpAddress& address) { return address != left; });
  EXPECT_EQ(picked, left);
  EXPECT_EQ(PickIpv4(rng, [](const auto&) { return true; }), std::nullopt);
}

TEST(Addresses, TheIpv6AddressFollowsFromTheIpv4One) {
  EXPECT_EQ(Ipv6For(*net::IpAddress::Parse("100.101.102.103")).ToString(),
            "fd7a:115c:a1e0:ab12:4843:cd96:6265:6667");
}

}  // namespace
}  // namespace warren::control
