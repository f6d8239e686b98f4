#include "core/portmap/pcp.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/hex.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

using testing::At;
using testing::Ip;

std::vector<uint8_t> Hex(absl::string_view text) {
  return ParseHex(text).value();
}

constexpr PcpNonce kNonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
constexpr char kMapReply[] =
    "0281000000001c20000003e80000000000000000000000000102030405060708090a0b0c"
    "11000000a2a9a2a900000000000000000000ffffcb007109";

// Vectors: specs/dataplane.md 8.7.
TEST(Pcp, Announces) {
  EXPECT_EQ(BuildPcpAnnounce(Ip("192.168.1.50")),
            Hex("020000000000000000000000000000000000ffffc0a80132"));
}

TEST(Pcp, AsksForAMappingOfAnyPort) {
  PcpMapRequest request;
  request.self = Ip("192.168.1.50");
  request.nonce = kNonce;
  request.internal_port = 41641;
  request.lifetime_s = 7200;
  EXPECT_EQ(BuildPcpMap(request),
            Hex("0201000000001c2000000000000000000000ffffc0a80132"
                "0102030405060708090a0b0c11000000a2a90000"
                "00000000000000000000ffff00000000"));
}

TEST(Pcp, SuggestsWhatItHad) {
  PcpMapRequest request;
  request.self = Ip("192.168.1.50");
  request.suggested = At("203.0.113.9:41641");
  const auto bytes = BuildPcpMap(request);
  ASSERT_EQ(bytes.size(), 60u);
  EXPECT_EQ(ToHex(Bytes(bytes).subspan(42)),
            "a2a900000000000000000000ffffcb007109");
}

TEST(Pcp, ReadsTheMapping) {
  const auto reply = ParsePcpReply(Hex(kMapReply));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->result, PcpResult::kSuccess);
  EXPECT_EQ(reply->lifetime_s, 7200u);
  EXPECT_EQ(reply->epoch_s, 1000u);
  ASSERT_TRUE(reply->map);
  EXPECT_EQ(reply->map->nonce, kNonce);
  EXPECT_EQ(reply->map->internal_port, 41641);
  EXPECT_EQ(reply->map->external, At("203.0.113.9:41641"));
}

TEST(Pcp, ReadsAnOlderServersRefusal) {
  // RFC 6886 §3.5 and RFC 6887 §9: in the server's own version.
  const auto reply =
      ParsePcpReply(Hex("018100010000000000000000000000000000000000000000"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->result, PcpResult::kUnsupportedVersion);
}

TEST(Pcp, ReadsAnOptionBehindTheMapping) {
  EXPECT_TRUE(ParsePcpReply(Hex(absl::StrCat(kMapReply, "03000000"))).ok());
}

struct BadReply {
  const char* name;
  std::string hex;
};
class PcpBadReply : public ::testing::TestWithParam<BadReply> {};

TEST_P(PcpBadReply, IsNotAReply) {
  EXPECT_FALSE(ParsePcpReply(Hex(GetParam().hex)).ok());
}

INSTANTIATE_TEST_SUITE_P(
    , PcpBadReply,
    ::testing::ValuesIn(std::vector<BadReply>{
        {"Empty", ""},
        {"ARequest", "020000000000000000000000000000000000ffffc0a80132"},
        {"HeaderCutOff", "0280000000000000000003e8"},
        {"NotAMultipleOfFour", absl::StrCat(kMapReply, "00")},
        {"MappingCutOff", std::string(kMapReply, 112)},
        {"Version3", absl::StrCat("03", kMapReply + 2)},
        {"Opcode5", absl::StrCat("0285", kMapReply + 4)},
        {"OfTcp",
         absl::StrCat(std::string(kMapReply, 72), "06", kMapReply + 74)},
        {"TooLong", absl::StrCat(kMapReply, std::string(2 * 1044, '0'))},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::portmap
