#include "core/wg/allowed_ips.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

using net::IpAddress;
using net::IpPrefix;
using net::kNoPeer;
using net::PeerIndex;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpPrefix Net(absl::string_view text) { return *IpPrefix::Parse(text); }
IpAddress Ip(absl::string_view text) { return *IpAddress::Parse(text); }

TEST(AllowedIps, FindTheLongestPrefixOfTheFamily) {
  AllowedIps ips;
  ips.Insert(Net("0.0.0.0/0"), 1);
  ips.Insert(Net("10.0.0.0/8"), 2);
  ips.Insert(Net("10.1.0.0/16"), 3);
  ips.Insert(Net("10.1.2.3/32"), 4);
  ips.Insert(Net("fd00::/8"), 5);
  ips.Insert(Net("fd00::1/128"), 6);
  EXPECT_EQ(ips.Lookup(Ip("8.8.8.8")), 1u);
  EXPECT_EQ(ips.Lookup(Ip("10.2.0.0")), 2u);
  EXPECT_EQ(ips.Lookup(Ip("10.1.2.4")), 3u);
  EXPECT_EQ(ips.Lookup(Ip("10.1.2.3")), 4u);
  EXPECT_EQ(ips.Lookup(Ip("fd00::2")), 5u);
  EXPECT_EQ(ips.Lookup(Ip("fd00::1")), 6u);
  EXPECT_EQ(ips.Lookup(Ip("fe80::1")), kNoPeer);
}

TEST(AllowedIps, MoveAPrefixThatAnotherPeerTakes) {
  AllowedIps ips;
  ips.Insert(Net("10.0.0.0/24"), 1);
  ips.Insert(Net("10.0.0.0/24"), 2);
  EXPECT_EQ(ips.Lookup(Ip("10.0.0.9")), 2u);
  EXPECT_THAT(ips.PrefixesOf(1), IsEmpty());
  EXPECT_FALSE(ips.Remove(Net("10.0.0.0/24"), 1));
  EXPECT_TRUE(ips.Remove(Net("10.0.0.0/24"), 2));
  EXPECT_EQ(ips.Lookup(Ip("10.0.0.9")), kNoPeer);
}

TEST(AllowedIps, ListThePrefixesOfAPeerInOrder) {
  AllowedIps ips;
  ips.Insert(Net("fd00::/64"), 1);
  ips.Insert(Net("10.0.0.0/16"), 1);
  ips.Insert(Net("10.0.0.0/8"), 1);
  ips.Insert(Net("11.0.0.0/8"), 2);
  EXPECT_THAT(
      ips.PrefixesOf(1),
      ElementsAre(Net("10.0.0.0/8"), Net("10.0.0.0/16"), Net("fd00::/64")));
  ips.RemoveAll(1);
  EXPECT_EQ(ips.size(), 1u);
  EXPECT_EQ(ips.Lookup(Ip("10.0.0.1")), kNoPeer);
  EXPECT_EQ(ips.Lookup(Ip("11.0.0.1")), 2u);
}

// The same by looking at every prefix: too slow to use, too plain to be wrong.
class SlowAllowedIps {
 public:
  void Insert(const IpPrefix& prefix, PeerIndex peer) { owner_[prefix] = peer; }
  bool Remove(const IpPrefix& prefix, PeerIndex peer) {
    const auto found = owner_.find(prefix);
    if (found == owner_.end() || found->second != peer) return false;
    owner_.erase(found);
    return true;
  }
  void RemoveAll(PeerIndex peer) {
    std::erase_if(owner_, [&](const auto& e) { return e.second == peer; });
  }
  PeerIndex Lookup(const IpAddress& address) const {
    PeerIndex best = kNoPeer;
    int longest = -1;
    for (const auto& [prefix, peer] : owner_) {
      if (prefix.Contains(address) && prefix.bits() > longest) {
        longest = prefix.bits();
        best = peer;
      }
    }
    return best;
  }
  const std::map<IpPrefix, PeerIndex>& owners() const { return owner_; }

 private:
  std::map<IpPrefix, PeerIndex> owner_;
};

// Addresses that share long prefixes, so that all shapes of the trie occur.
IpAddress RandomAddress(SeededRng& rng) {
  const uint32_t bits =
      rng.U32() & (rng.U32() % 2 == 0 ? 0xf000000fu : 0x80001001u);
  if (rng.U32() % 2 == 0) return IpAddress::V4(bits);
  std::array<uint8_t, 16> bytes{0xfd};
  StoreBe32(bytes.data() + 6, bits);
  bytes[15] = static_cast<uint8_t>(rng.U32() % 3);
  return IpAddress::V6(bytes);
}

IpPrefix RandomPrefix(SeededRng& rng) {
  const IpAddress address = RandomAddress(rng);
  return IpPrefix(address,
                  static_cast<int>(rng.U32() % (address.is_v4() ? 33 : 129)));
}

TEST(AllowedIps, AgreeWithTheSlowOnes) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SeededRng rng(seed);
    AllowedIps fast;
    SlowAllowedIps slow;
    for (int step = 0; step < 200; ++step) {
      const IpPrefix prefix = RandomPrefix(rng);
      const PeerIndex peer = rng.U32() % 5;
      switch (rng.U32() % 8) {
        case 0:
          fast.RemoveAll(peer);
          slow.RemoveAll(peer);
          break;
        case 1:
        case 2:
        case 3:
          ASSERT_EQ(fast.Remove(prefix, peer), slow.Remove(prefix, peer));
          break;
        default:
          fast.Insert(prefix, peer);
          slow.Insert(prefix, peer);
      }
      if (rng.U32() % 4 == 0 && !slow.owners().empty()) {
        const auto& [known, owner] = *slow.owners().begin();
        ASSERT_EQ(fast.OwnerOf(known), owner);
      }
      for (int i = 0; i < 5; ++i) {
        const IpAddress address = RandomAddress(rng);
        ASSERT_EQ(fast.Lookup(address), slow.Lookup(address))
            << address.ToString() << " in step " << step;
      }
    }
    ASSERT_EQ(fast.size(), slow.owners().size());
  }
}

}  // namespace
}  // namespace warren::wg
