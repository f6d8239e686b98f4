#include "core/wg/message.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace warren::wg {
namespace {

std::vector<uint8_t> Of(size_t size, uint32_t type) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + 1);
  if (size >= 4) StoreLe32(bytes.data(), type);
  return bytes;
}

// Without the macs, which a Write leaves zero.
std::vector<uint8_t> Unmaced(std::vector<uint8_t> bytes) {
  std::fill(bytes.end() - kMacsSize, bytes.end(), uint8_t{0});
  return bytes;
}

TEST(Message, WritesWhatItParsed) {
  const auto initiation = Of(kInitiationSize, 1);
  EXPECT_TRUE(std::ranges::equal(WriteInitiation(*ParseInitiation(initiation)),
                                 Unmaced(initiation)));
  const auto response = Of(kResponseSize, 2);
  EXPECT_TRUE(std::ranges::equal(WriteResponse(*ParseResponse(response)),
                                 Unmaced(response)));
  const auto cookie = Of(kCookieReplySize, 3);
  EXPECT_TRUE(
      std::ranges::equal(WriteCookieReply(*ParseCookieReply(cookie)), cookie));
}

TEST(Message, TakesNoOtherSize) {
  for (size_t size = 0; size < 200; ++size) {
    EXPECT_EQ(ParseInitiation(Of(size, 1)).has_value(), size == 148) << size;
    EXPECT_EQ(ParseResponse(Of(size, 2)).has_value(), size == 92) << size;
    EXPECT_EQ(ParseCookieReply(Of(size, 3)).has_value(), size == 64) << size;
  }
}

TEST(Message, TakesNoOtherTypeWord) {
  for (const uint32_t type : {0u, 4u, 5u, 0x101u, 0x01000001u, 0xffffffffu}) {
    EXPECT_FALSE(ParseInitiation(Of(148, type))) << type;
    EXPECT_FALSE(ParseResponse(Of(92, type | 0x200))) << type;
    EXPECT_FALSE(ParseCookieReply(Of(64, type))) << type;
  }
}

TEST(Message, DataHeaderIsLittleEndian) {
  uint8_t header[16];
  WriteDataHeader(header, 0x55667788, 0x0102030405060708);
  EXPECT_TRUE(std::ranges::equal(
      header, std::vector<uint8_t>{4, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 8, 7, 6,
                                   5, 4, 3, 2, 1}));
  EXPECT_EQ(DataReceiver(header), 0x55667788u);
  EXPECT_EQ(DataCounter(header), 0x0102030405060708u);
}

}  // namespace
}  // namespace warren::wg
