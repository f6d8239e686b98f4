#include "core/net/checksum.h"

#include <array>
#include <vector>

#include "core/base/hex.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::net {
namespace {

// RFC 1071 §1, word by word.
uint16_t SlowSum(Bytes data) {
  uint32_t sum = 0;
  for (size_t i = 0; i < data.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<uint32_t>(data[i] << 8) : data[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(sum);
}

uint16_t BigEndian(uint16_t stored) {
  uint8_t bytes[2];
  StoreChecksum(bytes, stored);
  return LoadBe16(bytes);
}

TEST(Checksum, AgreesWithTheExampleOfRfc1071) {
  const std::vector<uint8_t> data = {0x00, 0x01, 0xf2, 0x03,
                                     0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(BigEndian(FoldChecksum(AddToChecksum(data))), 0xddf2);
}

TEST(Checksum, IsTheSameFastAndSlowForEverySizeAndCopiesExactly) {
  SeededRng rng(1);
  for (size_t size = 0; size < 300; ++size) {
    std::vector<uint8_t> data(size), copy(size);
    rng.Fill(data);
    const uint16_t want = SlowSum(data);
    EXPECT_EQ(BigEndian(FoldChecksum(AddToChecksum(data))), want) << size;
    const uint64_t sum = CopyAndAddToChecksum(copy.data(), data);
    EXPECT_EQ(BigEndian(FoldChecksum(sum)), want) << size;
    EXPECT_EQ(copy, data);
  }
}

TEST(Checksum, LosesNoCarryOverLargeData) {
  const std::vector<uint8_t> data(65536, 0xff);
  uint64_t sum = 0xffffffffffffffff;
  for (int i = 0; i < 100; ++i) sum = AddToChecksum(data, sum);
  EXPECT_EQ(FoldChecksum(sum), 0xffff);
}

TEST(Checksum, MayBeAddedInPieces) {
  SeededRng rng(2);
  std::vector<uint8_t> data(101);
  rng.Fill(data);
  for (size_t cut = 0; cut <= data.size(); cut += 2) {
    const Bytes all(data);
    const uint64_t sum =
        AddToChecksum(all.subspan(cut), AddToChecksum(all.first(cut)));
    EXPECT_EQ(BigEndian(FoldChecksum(sum)), SlowSum(data)) << cut;
  }
}

TEST(Checksum, SetsTheIpv4HeaderChecksum) {
  // A header in wide use as an example; its checksum is b861.
  auto ip = *ParseHex("450000730000400040110000c0a80001c0a800c7");
  SetIpv4Checksum(ip.data(), ip.size());
  EXPECT_EQ(LoadBe16(ip.data() + 10), 0xb861);
}

TEST(Checksum, CoversThePseudoHeaderOfBothFamilies) {
  // UDP from 10.0.0.1:1 to 10.0.0.2:2 and over IPv6 from ::1 to ::2, empty.
  const auto v4 = *ParseHex(
      "450000000000000000110000"
      "0a0000010a000002");
  std::vector<uint8_t> pseudo4 = *ParseHex(
      "0a0000010a000002"
      "00110008");
  EXPECT_EQ(FoldChecksum(PseudoHeaderSum(v4.data(), 17, 8)),
            FoldChecksum(AddToChecksum(pseudo4)));
  std::vector<uint8_t> v6(40, 0);
  v6[0] = 0x60;
  v6[23] = 1;
  v6[39] = 2;
  std::vector<uint8_t> pseudo6(v6.begin() + 8, v6.end());
  for (uint8_t b : std::array<uint8_t, 8>{0, 1, 0, 8, 0, 0, 0, 17}) {
    pseudo6.push_back(b);
  }
  EXPECT_EQ(FoldChecksum(PseudoHeaderSum(v6.data(), 17, 0x10008)),
            FoldChecksum(AddToChecksum(pseudo6)));
}

}  // namespace
}  // namespace warren::net
