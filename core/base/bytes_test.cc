#include "core/base/bytes.h"

#include <vector>

#include "gtest/gtest.h"

namespace warren {
namespace {

TEST(ByteReader, ReadsBothByteOrders) {
  const std::vector<uint8_t> data = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(ByteReader(data).U16(), 0x0102);
  EXPECT_EQ(ByteReader(data).U32(), 0x01020304u);
  EXPECT_EQ(ByteReader(data).U64(), 0x0102030405060708u);
  EXPECT_EQ(ByteReader(data).U32Le(), 0x04030201u);
  EXPECT_EQ(ByteReader(data).U64Le(), 0x0807060504030201u);
}

TEST(ByteReader, AFailedReadConsumesNothing) {
  const std::vector<uint8_t> data = {1, 2, 3};
  ByteReader reader(data);
  EXPECT_EQ(reader.U32(), std::nullopt);
  EXPECT_EQ(reader.remaining(), 3u);
  EXPECT_EQ(reader.Take(SIZE_MAX), std::nullopt);
  EXPECT_EQ(reader.U16(), 0x0102);
  EXPECT_EQ(reader.U8(), 3);
  EXPECT_EQ(reader.U8(), std::nullopt);
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
  const std::vector<uint8_t> out = ByteWriter()
                                       .U8(1)
                                       .U16(2)
                                       .U32(3)
                                       .U64(4)
                                       .U32Le(5)
                                       .U64Le(6)
                                       .Zeros(2)
                                       .bytes();
  ByteReader reader(out);
  EXPECT_EQ(reader.U8(), 1);
  EXPECT_EQ(reader.U16(), 2);
  EXPECT_EQ(reader.U32(), 3u);
  EXPECT_EQ(reader.U64(), 4u);
  EXPECT_EQ(reader.U32Le(), 5u);
  EXPECT_EQ(reader.U64Le(), 6u);
  EXPECT_EQ(reader.U16(), 0);
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(FixedPlace, StoresWhatItLoads) {
  uint8_t p[8];
  StoreBe32(p, 0x01020304);
  EXPECT_EQ(LoadBe32(p), 0x01020304u);
  EXPECT_EQ(LoadBe16(p + 2), 0x0304);
  StoreLe64(p, 0x0102030405060708);
  EXPECT_EQ(LoadLe64(p), 0x0102030405060708u);
  EXPECT_EQ(LoadLe32(p), 0x05060708u);
}

}  // namespace
}  // namespace warren
