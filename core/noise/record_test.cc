#include "core/noise/record.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::noise {
namespace {

constexpr std::array<uint8_t, 32> kKey = {1, 2, 3};

std::vector<uint8_t> Random(size_t size) {
  SeededRng rng(size);
  std::vector<uint8_t> bytes(size);
  rng.Fill(bytes);
  return bytes;
}

std::vector<uint8_t> Sealed(Bytes plaintext) {
  RecordSealer sealer(kKey);
  std::vector<uint8_t> frames;
  EXPECT_TRUE(sealer.Seal(plaintext, frames).ok());
  return frames;
}

// One record of the given size inside, whatever Seal() would do.
std::vector<uint8_t> RecordOfSize(size_t plain_size) {
  const size_t size = plain_size + crypto::kAeadTagSize;
  std::vector<uint8_t> frame(kFrameHeaderSize + size);
  frame[0] = 4;
  StoreBe16(frame.data() + 1, static_cast<uint16_t>(size));
  const std::array<uint8_t, 12> nonce{};
  crypto::AeadKey(kKey).Seal(nonce, {}, frame.data() + 3, plain_size);
  return frame;
}

TEST(RecordSealer, CutsALongWriteIntoLargestRecords) {
  const size_t overhead = kFrameHeaderSize + crypto::kAeadTagSize;
  EXPECT_EQ(Sealed(Random(kMaxRecordPlaintext)).size(), kMaxFrameSize);
  EXPECT_EQ(Sealed(Random(kMaxRecordPlaintext + 1)).size(),
            kMaxFrameSize + 1 + overhead);
  EXPECT_EQ(Sealed({}).size(), 0u);
}

TEST(RecordReader, ReturnsTheStreamHoweverItIsCut) {
  const auto plain = Random(3 * kMaxRecordPlaintext + 100);
  const auto frames = Sealed(plain);
  for (size_t piece : {1u, 2u, 3u, 4u, 19u, 4095u, 4096u, 4097u, 9000u}) {
    RecordReader reader(kKey);
    std::vector<uint8_t> got;
    for (size_t at = 0; at < frames.size(); at += piece) {
      const auto n = std::min(piece, frames.size() - at);
      ASSERT_TRUE(reader.Read(Bytes(frames).subspan(at, n), got).ok());
    }
    EXPECT_EQ(got, plain) << "pieces of " << piece;
    EXPECT_FALSE(reader.IsInsideRecord());
  }
}

TEST(RecordReader, KnowsWhetherTheStreamEndsInsideARecord) {
  const auto frames = Sealed(Random(10));
  RecordReader reader(kKey);
  std::vector<uint8_t> got;
  ASSERT_TRUE(reader.Read(Bytes(frames).first(5), got).ok());
  EXPECT_TRUE(reader.IsInsideRecord());
  ASSERT_TRUE(reader.Read(Bytes(frames).subspan(5), got).ok());
  EXPECT_FALSE(reader.IsInsideRecord());
}

TEST(RecordReader, TakesAnEmptyRecord) {
  RecordReader reader(kKey);
  std::vector<uint8_t> got;
  EXPECT_TRUE(reader.Read(RecordOfSize(0), got).ok());
  EXPECT_TRUE(got.empty());
}

TEST(RecordReader, RefusesARecordAboveTheLimit) {
  std::vector<uint8_t> got;
  EXPECT_TRUE(
      RecordReader(kKey).Read(RecordOfSize(kMaxRecordPlaintext), got).ok());
  EXPECT_EQ(RecordReader(kKey)
                .Read(RecordOfSize(kMaxRecordPlaintext + 1), got)
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RecordReader, RefusesARecordTooShortForATagAtItsHeader) {
  const std::array<uint8_t, 3> header = {4, 0, 15};
  std::vector<uint8_t> got;
  EXPECT_EQ(RecordReader(kKey).Read(header, got).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RecordReader, RefusesAChangeOfAnyByteAndStaysClosed) {
  const auto good = Sealed(Random(20));
  for (size_t i = 0; i < good.size(); ++i) {
    for (size_t cut : {size_t{0}, size_t{1}, good.size() - 1}) {
      auto bad = good;
      bad[i] ^= 0x80;
      bad.resize(bad.size() + 200);  // A longer size must not make it wait.
      RecordReader reader(kKey);
      std::vector<uint8_t> got;
      absl::Status status = reader.Read(Bytes(bad).first(cut), got);
      if (status.ok()) status = reader.Read(Bytes(bad).subspan(cut), got);
      EXPECT_FALSE(status.ok()) << i;
      EXPECT_EQ(reader.Read(good, got), status) << i;
      EXPECT_TRUE(got.empty()) << i;
    }
  }
}

TEST(RecordReader, RefusesARecordThatIsRepeatedLostOrReordered) {
  auto frames = Sealed(Random(2 * kMaxRecordPlaintext));
  const Bytes first = Bytes(frames).first(kMaxFrameSize);
  const Bytes second = Bytes(frames).subspan(kMaxFrameSize);
  std::vector<uint8_t> got;
  RecordReader lost(kKey);
  EXPECT_EQ(lost.Read(second, got).code(), absl::StatusCode::kUnauthenticated);
  RecordReader repeated(kKey);
  ASSERT_TRUE(repeated.Read(first, got).ok());
  EXPECT_EQ(repeated.Read(first, got).code(),
            absl::StatusCode::kUnauthenticated);
}

TEST(RecordReader, KeepsWhatCameBeforeABadRecord) {
  const auto plain = Random(kMaxRecordPlaintext + 1);
  auto frames = Sealed(plain);
  frames.back() ^= 1;
  RecordReader reader(kKey);
  std::vector<uint8_t> got;
  EXPECT_FALSE(reader.Read(frames, got).ok());
  EXPECT_TRUE(std::equal(got.begin(), got.end(), plain.begin()));
  EXPECT_EQ(got.size(), kMaxRecordPlaintext);
}

TEST(Record, EndsBeforeTheLastCounter) {
  RecordSealer sealer(kKey, kLastCounter - 1);
  RecordReader reader(kKey, kLastCounter - 1);
  std::vector<uint8_t> frames, got;
  EXPECT_EQ(sealer.Seal(Random(kMaxRecordPlaintext + 1), frames).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(frames.empty());
  ASSERT_TRUE(sealer.Seal(Random(5), frames).ok());
  ASSERT_TRUE(reader.Read(frames, got).ok());
  EXPECT_EQ(sealer.Seal(Random(5), frames).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(reader.Read(frames, got).code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace warren::noise
