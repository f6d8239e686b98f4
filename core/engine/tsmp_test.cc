#include "core/engine/tsmp.h"

#include <string>
#include <variant>
#include <vector>

#include "core/base/hex.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using ::warren::testing::Ip;

// Vectors of specs 10.1.
constexpr char kPing[] =
    "4500001d000000004063b1fb6440000164400002700102030405060708";
constexpr char kPong[] =
    "4500001fffff00004063b1f964400002644000016f01020304050607080000";
constexpr char kDiscoA[] =
    "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a";

std::optional<TsmpMessage> Parse(const std::vector<uint8_t>& bytes) {
  net::IpPacket packet;
  EXPECT_EQ(net::ParseIp(bytes, packet), net::IpError::kNone);
  return ParseTsmp(packet);
}

TEST(Tsmp, AdvertisesADiscoKeyAsOthersDo) {
  const auto key = *crypto::DiscoKey::ParseHex(kDiscoA);
  const auto advert = BuildTsmpAdvert(Ip("100.64.0.1"), Ip("100.64.0.2"), key);
  EXPECT_EQ(
      ToHex(advert),
      std::string("45000035000000004063b1e3644000016440000261") + kDiscoA);
  const auto parsed = Parse(advert);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<TsmpDiscoAdvert>(*parsed).key, key);
}

TEST(Tsmp, AnswersAPingAsOthersDo) {
  const std::vector<uint8_t> bytes = *ParseHex(kPing);
  net::IpPacket packet;
  ASSERT_EQ(net::ParseIp(bytes, packet), net::IpError::kNone);
  const auto ping = std::get<TsmpPing>(*ParseTsmp(packet));
  EXPECT_EQ(ToHex(BuildTsmpPong(bytes, packet, ping)), kPong);
}

TEST(Tsmp, CarriesNotesToNativePeers) {
  const PeerNote note = WhyRequest{0x01020304};
  const auto bytes = BuildTsmpNote(Ip("100.64.0.1"), Ip("100.64.0.2"), note);
  const auto parsed = Parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<PeerNote>(*parsed), note);
}

TEST(Tsmp, InvertsTheIdOfAnIpV6Ping) {
  const std::vector<uint8_t> bytes = *ParseHex(
      "600abcde00096340" + std::string(62, '0') + "01" + "700102030405060708");
  net::IpPacket packet;
  ASSERT_EQ(net::ParseIp(bytes, packet), net::IpError::kNone);
  const auto pong =
      BuildTsmpPong(bytes, packet, std::get<TsmpPing>(*ParseTsmp(packet)));
  EXPECT_EQ(LoadBe32(pong.data()), 0x60000000u | (~0xabcdeu & 0xfffff));
}

TEST(Tsmp, IgnoresWhatIsNothingToUs) {
  const auto with_payload = [](const std::string& hex) {
    std::vector<uint8_t> bytes = *ParseHex(
        "45000000000000004063000064400001644000"
        "02" +
        hex);
    bytes[3] = static_cast<uint8_t>(bytes.size());
    return bytes;
  };
  EXPECT_FALSE(Parse(with_payload("")));
  EXPECT_FALSE(Parse(with_payload("700102030405")));        // cut ping
  EXPECT_FALSE(Parse(with_payload("61aabbccddeeff")));      // cut advert
  EXPECT_FALSE(Parse(with_payload("7a0102030405060708")));  // unknown type
  EXPECT_FALSE(Parse(with_payload("61" + std::string(64, '0'))));  // zero key
}

}  // namespace
}  // namespace warren::engine
