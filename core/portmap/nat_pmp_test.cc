#include "core/portmap/nat_pmp.h"

#include <string>

#include "absl/strings/string_view.h"
#include "core/base/hex.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

using testing::Ip;

std::vector<uint8_t> Hex(absl::string_view text) {
  return ParseHex(text).value();
}

// Vectors: specs/dataplane.md 8.7.
TEST(NatPmp, AsksForTheAddressInTwoBytes) {
  EXPECT_EQ(BuildPmpAddressRequest(), Hex("0000"));
}

TEST(NatPmp, AsksForAMappingOfAnyPortAndEndsIt) {
  EXPECT_EQ(BuildPmpMapRequest(41641, 0, 7200),
            Hex("00010000a2a9000000001c20"));
  EXPECT_EQ(BuildPmpMapRequest(41641, 41641, 0),
            Hex("00010000a2a9a2a900000000"));
}

TEST(NatPmp, ReadsTheAddress) {
  const auto reply = ParsePmpReply(Hex("00800000000003e8cb007109"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->external_address, Ip("203.0.113.9"));
  EXPECT_EQ(reply->epoch_s, 1000u);
  EXPECT_FALSE(reply->map);
  EXPECT_FALSE(reply->to_map_request);
}

TEST(NatPmp, ReadsTheMapping) {
  const auto reply = ParsePmpReply(Hex("00810000000003e8a2a9a2aa00001c20"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_TRUE(reply->map);
  EXPECT_EQ(reply->map->internal_port, 41641);
  EXPECT_EQ(reply->map->external_port, 41642);
  EXPECT_EQ(reply->map->lifetime_s, 7200u);
  EXPECT_FALSE(reply->external_address);
}

TEST(NatPmp, ReadsARefusalOfEightBytes) {
  const auto reply = ParsePmpReply(Hex("00810002000003e8"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->result, PmpResult::kNotAuthorized);
  EXPECT_TRUE(reply->to_map_request);
  EXPECT_FALSE(reply->map);
}

struct BadReply {
  const char* name;
  const char* hex;
};
class PmpBadReply : public ::testing::TestWithParam<BadReply> {};

TEST_P(PmpBadReply, IsNotAReply) {
  EXPECT_FALSE(ParsePmpReply(Hex(GetParam().hex)).ok());
}

INSTANTIATE_TEST_SUITE_P(
    , PmpBadReply,
    ::testing::ValuesIn(std::vector<BadReply>{
        {"Empty", ""},
        {"ARequest", "00010000a2a9000000001c20"},
        {"AnotherVersion", "02800000000003e8cb007109"},
        {"AddressCutOff", "00800000000003e8cb0071"},
        {"AddressAndMore", "00800000000003e8cb00710900"},
        {"MappingCutOff", "00810000000003e8a2a9a2a900001c"},
        {"MappingOfTcp", "00820000000003e8a2a9a2a900001c20"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::portmap
