#include "core/stun/stun.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/hex.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::stun {
namespace {

constexpr char kTxId[] = "0102030405060708090a0b0c";
constexpr char kRequest[] =
    "000100142112a4420102030405060708090a0b0c802200087461696c6e6f6465"
    "80280004b32c370f";

std::vector<uint8_t> Hex(absl::string_view text) { return *ParseHex(text); }

TxId TheTxId() {
  TxId txid{};
  const auto bytes = Hex(kTxId);
  std::copy(bytes.begin(), bytes.end(), txid.begin());
  return txid;
}

net::Endpoint At(absl::string_view text) { return *net::Endpoint::Parse(text); }

TEST(StunRequest, IsTheOneStockRelaysAnswer) {
  EXPECT_EQ(ToHex(BuildRequest(TheTxId())), kRequest);
}

TEST(StunRequest, IsAcceptedByOurServer) {
  EXPECT_EQ(ParseRequest(Hex(kRequest), Answer::kTailnetClients),
            (Request{.txid = TheTxId()}));
  EXPECT_TRUE(IsStun(Hex(kRequest)));
}

TEST(StunRequest, AsksForTheOtherPortIfExtended) {
  for (const bool change_port : {false, true}) {
    const auto request = BuildExtendedRequest(TheTxId(), change_port);
    for (const Answer whom : {Answer::kTailnetClients, Answer::kAnyClient}) {
      EXPECT_EQ(ParseRequest(request, whom),
                (Request{TheTxId(), true, change_port}));
    }
    EXPECT_TRUE(IsStun(request));
  }
}

// By hand from RFC 8489 §14 and RFC 5780 §7.2; the CRC by another program.
TEST(StunRequest, PutsChangeRequestBeforeTheFingerprint) {
  const std::string hex = ToHex(BuildExtendedRequest(TheTxId(), true));
  EXPECT_EQ(hex.substr(0, 88),
            "0001001c2112a4420102030405060708090a0b0c"
            "802200087461696c6e6f6465"
            "0003000400000002"
            "80280004");
  EXPECT_EQ(hex.substr(88), "f60d2de4");
}

struct RequestCase {
  const char* name;
  const char* hex;
  bool tailnet;
  bool any;
};

class RequestTest : public testing::TestWithParam<RequestCase> {};

TEST_P(RequestTest, IsAnsweredOnlyAsTheModeAllows) {
  const RequestCase& c = GetParam();
  const auto datagram = Hex(c.hex);
  EXPECT_EQ(ParseRequest(datagram, Answer::kTailnetClients).has_value(),
            c.tailnet);
  EXPECT_EQ(ParseRequest(datagram, Answer::kAnyClient).has_value(), c.any);
}

INSTANTIATE_TEST_SUITE_P(
    , RequestTest,
    testing::Values(
        RequestCase{"Empty", "", false, false},
        RequestCase{"BareRfc5389", "000100002112a4420102030405060708090a0b0c",
                    false, true},
        RequestCase{"OldRfc3489Cookie",
                    "00010000000000000102030405060708090a0b0c", false, false},
        RequestCase{"OneByteShort", "000100002112a4420102030405060708090a0b",
                    false, false},
        RequestCase{"TopBitsSet", "400100002112a4420102030405060708090a0b0c",
                    false, false},
        RequestCase{"AResponse", "010100002112a4420102030405060708090a0b0c",
                    false, false},
        RequestCase{"AnIndication", "001100002112a4420102030405060708090a0b0c",
                    false, false},
        RequestCase{"WrongFingerprint",
                    "000100142112a4420102030405060708090a0b0c"
                    "802200087461696c6e6f646580280004b32c370e",
                    false, false},
        RequestCase{"NoFingerprint",
                    "0001000c2112a4420102030405060708090a0b0c"
                    "802200087461696c6e6f6465",
                    false, true},
        RequestCase{"AttributePastTheEnd",
                    "000100082112a4420102030405060708090a0b0c8022000474657374"
                    "8022ffff",
                    false, false},
        RequestCase{"AttributeAfterFingerprint",
                    "000100142112a4420102030405060708090a0b0c"
                    "802200087461696c6e6f646580280004b32c370f80220000",
                    false, false},
        RequestCase{"ChangeOfAddress",
                    "0001001c2112a4420102030405060708090a0b0c802200087461696c"
                    "6e6f64650003000400000004802800041f6e88d1",
                    false, false},
        RequestCase{"ChangeOfBoth",
                    "0001001c2112a4420102030405060708090a0b0c802200087461696c"
                    "6e6f6465000300040000000680280004f160e9fd",
                    false, false},
        RequestCase{"ChangeRequestOfThreeBytes",
                    "0001001c2112a4420102030405060708090a0b0c802200087461696c"
                    "6e6f6465000300030000000080280004aa2390d8",
                    false, false},
        RequestCase{"StrangerWantsAnotherPort",
                    "000100082112a4420102030405060708090a0b0c0003000400000002",
                    false, false},
        RequestCase{"StrangerWantsNoChange",
                    "000100082112a4420102030405060708090a0b0c0003000400000000",
                    false, true},
        // RFC 5769 §2.1: short-term credentials, SOFTWARE "STUN test client".
        RequestCase{"Rfc5769",
                    "000100582112a442b7e7a701bc34d686fa87dfae"
                    "802200105354554e207465737420636c69656e74"
                    "002400046e0001ff80290008932ff9b151263b36"
                    "000600096576746a3a68367659202020"
                    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
                    "80280004e57a3bcf",
                    false, true}),
    [](const auto& param) { return std::string(param.param.name); });

struct ResponseCase {
  const char* name;
  const char* hex;
  const char* seen;  // "" when it must be refused
};

class ResponseTest : public testing::TestWithParam<ResponseCase> {};

TEST_P(ResponseTest, TellsTheAddressOrIsRefused) {
  const ResponseCase& c = GetParam();
  const auto response = ParseResponse(Hex(c.hex));
  if (*c.seen == '\0') {
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
    return;
  }
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->seen, At(c.seen)) << response->seen.ToString();
}

INSTANTIATE_TEST_SUITE_P(
    , ResponseTest,
    testing::Values(
        ResponseCase{"V4",
                     "0101000c2112a4420102030405060708090a0b0c"
                     "00200008000183bbea12d54b",
                     "203.0.113.9:41641"},
        ResponseCase{"V4MappedInFamily02",
                     "010100182112a4420102030405060708090a0b0c"
                     "00200014000283bb2112a442010203040506f8f7c20a7a05",
                     "203.0.113.9:41641"},
        ResponseCase{"V6",
                     "010100182112a4420102030405060708090a0b0c"
                     "00200014000283bb0113a9fa0102030405060708090a0b05",
                     "[2001:db8::9]:41641"},
        ResponseCase{"StockTestNo4in6",
                     "010100182112a4424fd5d202dcb37d31fc773306"
                     "002000140002cd3d2112a4424fd5d202dcb382ce2dc3fcc7",
                     "209.180.207.193:60463"},
        ResponseCase{"DraftNumber8020",
                     "0101000c2112a4420102030405060708090a0b0c"
                     "80200008000183bbea12d54b",
                     "203.0.113.9:41641"},
        ResponseCase{"PlainMappedAddress",
                     "0101000c2112a4420102030405060708090a0b0c"
                     "000100080001a2a9cb007109",
                     "203.0.113.9:41641"},
        ResponseCase{"XorBeatsPlainBeforeIt",
                     "010100182112a4420102030405060708090a0b0c"
                     "000100080001000101010101"
                     "00200008000183bbea12d54b",
                     "203.0.113.9:41641"},
        ResponseCase{"BytesBeyondTheLength",
                     "0101000c2112a4420102030405060708090a0b0c"
                     "00200008000183bbea12d54bffff",
                     "203.0.113.9:41641"},
        // RFC 5769 §2.2 and §2.3.
        ResponseCase{"Rfc5769V4",
                     "0101003c2112a442b7e7a701bc34d686fa87dfae"
                     "8022000b7465737420766563746f7220"
                     "002000080001a147e112a643"
                     "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
                     "80280004c07d4c96",
                     "192.0.2.1:32853"},
        ResponseCase{"Rfc5769V6",
                     "010100482112a442b7e7a701bc34d686fa87dfae"
                     "8022000b7465737420766563746f7220"
                     "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
                     "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
                     "80280004c8fb0b4c",
                     "[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
        ResponseCase{"OtherAddressWithoutOurs",
                     "0101000c2112a4420102030405060708090a0b0c"
                     "802c000800010d9700000000",
                     ""},
        ResponseCase{"OtherAddressCutShort",
                     "010100142112a4420102030405060708090a0b0c"
                     "00200008000183bbea12d54b802c000400010d97",
                     ""},
        ResponseCase{"LengthBeyondTheBytes",
                     "0101000d2112a4420102030405060708090a0b0c"
                     "00200008000183bbea12d54b",
                     ""},
        ResponseCase{"UnknownFamily",
                     "0101000c2112a4420102030405060708090a0b0c"
                     "00200008000383bbea12d54b",
                     ""},
        ResponseCase{"V6WithFourBytes",
                     "0101000c2112a4420102030405060708090a0b0c"
                     "00200008000283bbea12d54b",
                     ""},
        ResponseCase{"NoAddress", "010100002112a4420102030405060708090a0b0c",
                     ""},
        ResponseCase{"ARequest", kRequest, ""},
        ResponseCase{"AnError", "011100002112a4420102030405060708090a0b0c",
                     ""}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(StunResponse, MatchesTheSpecificationBothFamilies) {
  EXPECT_EQ(
      ToHex(BuildResponse({TheTxId()}, At("203.0.113.9:41641"), 3479).view()),
      "0101000c2112a4420102030405060708090a0b0c"
      "00200008000183bbea12d54b");
  EXPECT_EQ(
      ToHex(BuildResponse({TheTxId()}, At("[2001:db8::9]:41641"), 3479).view()),
      "010100182112a4420102030405060708090a0b0c"
      "00200014000283bb0113a9fa0102030405060708090a0b05");
}

TEST(StunResponse, NamesTheOtherPortToExtendedRequestsOnly) {
  const net::Endpoint seen = At("203.0.113.9:41641");
  const Request extended{TheTxId(), true, false};
  const std::string hex = ToHex(BuildResponse(extended, seen, 3479).view());
  EXPECT_EQ(hex,
            "010100182112a4420102030405060708090a0b0c"
            "00200008000183bbea12d54b"
            "802c000800010d9700000000");
  const auto response = ParseResponse(Hex(hex));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->seen, seen);
  EXPECT_EQ(response->other_port, 3479);
  // A server with one port says what stock servers say.
  EXPECT_EQ(ToHex(BuildResponse(extended, seen, 0).view()),
            ToHex(BuildResponse({TheTxId()}, seen, 3479).view()));
}

TEST(StunResponse, IsHardlyLongerThanTheRequest) {
  const Request extended{TheTxId(), true, true};
  const auto response =
      BuildResponse(extended, At("[2001:db8::9]:41641"), 3479);
  EXPECT_EQ(response.size, kMaxResponseSize);
  EXPECT_LT(2 * response.size, 3 * kExtendedRequestSize);
}

TEST(StunResponse, RoundTripsAnyAddress) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    std::array<uint8_t, 16> raw;
    rng.Fill(raw);
    const auto address =
        seed % 2 == 0 ? net::IpAddress::V4(rng.U32()) : net::IpAddress::V6(raw);
    const net::Endpoint seen(address, static_cast<uint16_t>(rng.U32()));
    const TxId txid = NewTxId(rng);
    const auto response = ParseResponse(BuildResponse({txid}, seen, 0).view());
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->seen, seen);
    EXPECT_EQ(response->txid, txid);
  }
}

TEST(IsStun, TellsItFromDiscoAndWireGuard) {
  EXPECT_FALSE(IsStun(Hex("5453f09f92ac79a631eede1bf9c98f12032cdead")));
  std::vector<uint8_t> wireguard(148, 0);
  wireguard[0] = 1;
  EXPECT_FALSE(IsStun(wireguard));
  EXPECT_FALSE(IsStun({}));
}

}  // namespace
}  // namespace warren::stun
