#include "core/engine/peer_note.h"

#include <string>

#include "core/base/hex.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using ::warren::testing::At;

NatNote SequentialNat() {
  NatNote note;
  note.behavior.translates = true;
  note.behavior.mapping = net::Dependence::kAddressAndPortDependent;
  note.behavior.filtering = net::Dependence::kAddressDependent;
  note.behavior.ports = net::PortAllocation::kSequential;
  note.behavior.port_step = -2;
  note.behavior.hairpins = false;
  note.mapped = At("192.0.2.1:41641");
  note.udp_works = true;
  return note;
}
constexpr char kNatHex[] =
    "770101"            // type, version, kind
    "02030202fffe0101"  // NAT: yes, APDM, ADF, sequential by -2, no hairpin
    "00000000000000000000ffffc0000201a2a9";

PunchNote Punch() {
  PunchNote note;
  note.generation = 0x01020304;
  note.answer = true;
  note.mapped = At("192.0.2.1:50000");
  note.ports = {50002, 2, 64};
  note.num_sockets = 256;
  return note;
}
constexpr char kPunchHex[] =
    "770102"
    "0102030401"
    "00000000000000000000ffffc0000201c350"
    "c352000200400100";

std::optional<PeerNote> ParseHexNote(const std::string& hex) {
  return ParseNote(*ParseHex(hex));
}

TEST(PeerNote, IsWrittenAsTheHeaderSays) {
  EXPECT_EQ(ToHex(EncodeNote(SequentialNat())), kNatHex);
  EXPECT_EQ(ToHex(EncodeNote(Punch())), kPunchHex);
  EXPECT_EQ(ToHex(EncodeNote(WhyRequest{7})), "77010300000007");
  EXPECT_EQ(ToHex(EncodeNote(WhyPiece{7, 1, 3, {0xab, 0xcd}})),
            "770104000000070103abcd");
}

TEST(PeerNote, ComesBackAsItWas) {
  const std::vector<PeerNote> notes = {
      NatNote(),
      SequentialNat(),
      PunchNote(),
      Punch(),
      WhyRequest{7},
      WhyPiece{7, 0, 1, {}},
      WhyPiece{7, 254, 255, std::vector<uint8_t>(kMaxWhyBytes, 9)}};
  for (const PeerNote& note : notes) {
    const auto parsed = ParseNote(EncodeNote(note));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, note);
  }
}

TEST(PeerNote, IsNeverLongerThanAnyPathCarries) {
  const WhyPiece longest{1, 0, 1, std::vector<uint8_t>(kMaxWhyBytes)};
  EXPECT_EQ(EncodeNote(longest).size(), kMaxNoteSize);
  std::vector<uint8_t> longer = EncodeNote(longest);
  longer.push_back(0);
  EXPECT_FALSE(ParseNote(longer));
}

TEST(PeerNote, OfALaterVersionIsReadAsFarAsItIsKnown) {
  const auto longer = ParseHexNote(std::string(kPunchHex) + "ffff");
  ASSERT_TRUE(longer);
  EXPECT_EQ(*longer, PeerNote(Punch()));
  const auto strange = ParseHexNote(
      "770101"
      "07090909fffe0909"
      "00000000000000000000ffffc0000201a2a9");
  ASSERT_TRUE(strange);
  NatNote unknown;
  unknown.mapped = At("192.0.2.1:41641");
  EXPECT_EQ(*strange, PeerNote(unknown));
  EXPECT_FALSE(ParseHexNote("7702030000000700"));  // version
  EXPECT_FALSE(ParseHexNote("7701090000000700"));  // kind
}

TEST(PeerNote, CutShortIsNone) {
  for (const PeerNote& note :
       {PeerNote(SequentialNat()), PeerNote(Punch()), PeerNote(WhyRequest{7}),
        PeerNote(WhyPiece{7, 0, 1, {}})}) {
    const std::vector<uint8_t> bytes = EncodeNote(note);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(ParseNote(Bytes(bytes).first(size))) << size;
    }
  }
}

TEST(PeerNote, SaysNothingThatCannotBe) {
  // A piece beyond the last, and of none.
  EXPECT_FALSE(ParseHexNote("770104000000070303"));
  EXPECT_FALSE(ParseHexNote("770104000000070000"));
  // Sequential by nothing is no pattern; an IPv6 address no IPv4 mapping.
  const auto note = ParseHexNote(
      "770101"
      "0203020200000101"
      "20010db8000000000000000000000009a2a9");
  ASSERT_TRUE(note);
  const auto& nat = std::get<NatNote>(*note);
  EXPECT_EQ(nat.behavior.ports, net::PortAllocation::kUnknown);
  EXPECT_FALSE(nat.mapped.IsSet());
}

}  // namespace
}  // namespace warren::engine
