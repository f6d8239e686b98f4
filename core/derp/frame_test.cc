#include "core/derp/frame.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "core/base/rng.h"
#include "core/derp/derp_test_keys.h"
#include "core/derp/login.h"
#include "gtest/gtest.h"

namespace warren::derp {
namespace {

std::vector<uint8_t> Hex(absl::string_view text) { return *ParseHex(text); }

const char kKeyA[] =
    "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f";
const char kKeyB[] =
    "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254";

TEST(Frames, AreBuiltAsSpecified) {
  const auto a = NodeA().public_key();
  const auto b = NodeB().public_key();
  const Bytes hello = AsBytes("hello");
  EXPECT_EQ(ToHex(BuildPacket(FrameType::kSendPacket, b, hello)),
            absl::StrCat("0400000025", kKeyB, "68656c6c6f"));
  EXPECT_EQ(ToHex(BuildPacket(FrameType::kRecvPacket, a, hello)),
            absl::StrCat("0500000025", kKeyA, "68656c6c6f"));
  EXPECT_EQ(ToHex(BuildFrame(FrameType::kKeepAlive, {})), "0600000000");
  EXPECT_EQ(ToHex(BuildNotePreferred(true)), "070000000101");
  EXPECT_EQ(ToHex(BuildNotePreferred(false)), "070000000100");
  EXPECT_EQ(ToHex(BuildPeerGone(b, GoneReason::kNotHere)),
            absl::StrCat("0800000021", kKeyB, "01"));
  EXPECT_EQ(ToHex(BuildFrame(FrameType::kWatchConns, {})), "1000000000");
  EXPECT_EQ(ToHex(BuildFrame(FrameType::kPing, Hex("0102030405060708"))),
            "12000000080102030405060708");
  EXPECT_EQ(ToHex(BuildFrame(FrameType::kHealth, AsBytes("test"))),
            "140000000474657374");
  EXPECT_EQ(ToHex(BuildRestarting(2000, 60000)), "1500000008000007d00000ea60");
}

TEST(FrameReader, HandsOutWholeFramesWithoutCopyingThem) {
  const auto bytes = Hex(
      absl::StrCat("0400000025", kKeyB, "68656c6c6f", "070000000101", "1200"));
  Bytes stream = bytes;
  FrameReader reader(Reader::kServer);
  const auto packet = reader.Next(stream);
  ASSERT_TRUE(packet.ok() && *packet);
  EXPECT_EQ((*packet)->type, FrameType::kSendPacket);
  EXPECT_EQ((*packet)->payload.data(), bytes.data() + kFrameHeaderSize);
  const auto parts = SplitKey((*packet)->payload);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->key, NodeB().public_key());
  EXPECT_EQ(AsText(parts->rest), "hello");
  const auto note = reader.Next(stream);
  ASSERT_TRUE(note.ok() && *note);
  EXPECT_EQ((*note)->type, FrameType::kNotePreferred);
  const auto none = reader.Next(stream);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(*none);
  EXPECT_TRUE(stream.empty());
  EXPECT_EQ(reader.buffered(), 2u);
}

// Every frame of `stream`, cut at random places, as text.
std::string ReadAll(Reader end, Bytes stream, Rng& rng) {
  FrameReader reader(end);
  std::string out;
  while (!stream.empty()) {
    const size_t n = 1 + rng.Below(std::min<size_t>(stream.size(), 90));
    // A copy, so that a view kept too long is caught by ASan.
    const std::vector<uint8_t> chunk(stream.begin(),
                                     stream.begin() + ptrdiff_t(n));
    stream = stream.subspan(n);
    Bytes rest = chunk;
    while (true) {
      const auto frame = reader.Next(rest);
      if (!frame.ok()) return absl::StrCat(out, "!");
      if (!*frame) break;
      absl::StrAppend(&out, absl::Hex(static_cast<uint8_t>((*frame)->type)),
                      ":", ToHex((*frame)->payload), " ");
    }
    EXPECT_TRUE(rest.empty());
  }
  return out;
}

TEST(FrameReader, GivesTheSameFramesHoweverTheStreamIsCut) {
  ByteWriter w;
  std::string want;
  SeededRng content(7);
  for (int i = 0; i < 40; ++i) {
    // Every third is of an unknown type, to be skipped.
    const uint8_t type = i % 3 == 0 ? 0x77 : 0x12;
    std::vector<uint8_t> payload(8 + content.Below(200));
    content.Fill(payload);
    w.Append(BuildFrame(static_cast<FrameType>(type), payload));
    if (type == 0x12) absl::StrAppend(&want, "12:", ToHex(payload), " ");
  }
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    ASSERT_EQ(ReadAll(Reader::kServer, w.bytes(), rng), want);
  }
}

struct SizeCase {
  const char* name;
  Reader reader;
  const char* header;
  absl::StatusCode want;
};

class SizeTest : public testing::TestWithParam<SizeCase> {};

TEST_P(SizeTest, IsCheckedBeforeThePayloadArrives) {
  const auto header = Hex(GetParam().header);
  Bytes stream = header;
  FrameReader reader(GetParam().reader);
  EXPECT_EQ(reader.Next(stream).status().code(), GetParam().want);
}

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kShort = absl::StatusCode::kInvalidArgument;
constexpr auto kLong = absl::StatusCode::kResourceExhausted;

INSTANTIATE_TEST_SUITE_P(
    , SizeTest,
    testing::Values(
        SizeCase{"SendPacketLargest", Reader::kServer, "0400010020", kOk},
        SizeCase{"SendPacketTooLong", Reader::kServer, "0400010021", kLong},
        SizeCase{"SendPacketShorterThanAKey", Reader::kServer, "040000001f",
                 kShort},
        SizeCase{"NotePreferredTwoBytes", Reader::kServer, "0700000002", kLong},
        SizeCase{"NotePreferredEmpty", Reader::kServer, "0700000000", kShort},
        SizeCase{"WatchConnsNotEmpty", Reader::kServer, "1000000001", kLong},
        SizeCase{"ClosePeerShort", Reader::kServer, "110000001f", kShort},
        SizeCase{"PingShort", Reader::kServer, "1200000007", kShort},
        SizeCase{"PingLong", Reader::kServer, "12000003e9", kLong},
        SizeCase{"ClientInfoShort", Reader::kServer, "0200000047", kShort},
        SizeCase{"ClientInfoLong", Reader::kServer, "0200004001", kLong},
        SizeCase{"UnknownAnySize", Reader::kServer, "77ffffffff", kOk},
        SizeCase{"PongIsSkipped", Reader::kServer, "13ffffffff", kOk},
        SizeCase{"ClientLargest", Reader::kClient, "0500100000", kOk},
        SizeCase{"ClientTooLong", Reader::kClient, "0500100001", kLong},
        SizeCase{"ClientUnknownTooLong", Reader::kClient, "7700100001", kLong},
        // Fast start that met a plain HTTP answer.
        SizeCase{"HttpTextIsNoFrame", Reader::kClient, "485454502f", kLong},
        SizeCase{"ServerKeyTooLong", Reader::kClient, "0100000401", kLong}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(FrameReader, KeepsNothingOfASkippedFrame) {
  FrameReader reader(Reader::kServer);
  const auto start = Hex("77ffffffff0000");
  Bytes stream = start;
  ASSERT_TRUE(reader.Next(stream).ok());
  EXPECT_EQ(reader.buffered(), 0u);
  const std::vector<uint8_t> more(100000, 0x55);
  stream = more;
  ASSERT_TRUE(reader.Next(stream).ok());
  EXPECT_TRUE(stream.empty());
  EXPECT_EQ(reader.buffered(), 0u);
}

TEST(FrameReader, FreesAPartialFrameOnceItWasHandedOut) {
  FrameReader reader(Reader::kServer);
  const auto frame = BuildPacket(FrameType::kSendPacket, NodeB().public_key(),
                                 std::vector<uint8_t>(60000, 1));
  Bytes head = Bytes(frame).first(100);
  ASSERT_FALSE(*reader.Next(head));
  EXPECT_EQ(reader.buffered(), 100u);
  Bytes tail = Bytes(frame).subspan(100);
  ASSERT_TRUE(*reader.Next(tail));
  ASSERT_FALSE(*reader.Next(tail));
  EXPECT_EQ(reader.buffered(), 0u);
}

}  // namespace
}  // namespace warren::derp
