#include "core/relay/send_queue.h"

#include <string>

#include "gtest/gtest.h"

namespace warren::relay {
namespace {

FrameBytes Frame(uint8_t name, size_t size = 1) {
  return FrameBytes(size, name);
}

std::string PopAll(SendQueue& queue) {
  std::string out;
  while (const auto frame = queue.Pop()) {
    out.push_back(static_cast<char>(frame->front()));
  }
  return out;
}

TEST(SendQueue, DropsTheOldestOfTheSameKind) {
  SendQueue queue;
  queue.Push(PacketKind::kDisco, Frame('d'));
  for (size_t i = 0; i < kMaxQueuedPackets; ++i) {
    EXPECT_EQ(queue.Push(PacketKind::kOther, Frame(i == 0 ? 'a' : 'b')), 0u);
  }
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(queue.Push(PacketKind::kOther, Frame('c')), 1u);
  const std::string all = PopAll(queue);
  EXPECT_EQ(all.size(), kMaxQueuedPackets + 1);
  EXPECT_EQ(all.find('a'), std::string::npos);
  EXPECT_EQ(all.back(), 'c');
  EXPECT_NE(all.find('d'), std::string::npos);
}

TEST(SendQueue, BoundsTheBytesToo) {
  SendQueue queue;
  for (int i = 0; i < 10; ++i) {
    queue.Push(PacketKind::kOther, Frame('x', 65536 + derp::kPacketHeaderSize));
  }
  EXPECT_LE(PopAll(queue).size(), 3u);
}

TEST(SendQueue, ControlComesFirstThenThePongThenKindsInTurn) {
  SendQueue queue;
  queue.Push(PacketKind::kOther, Frame('o'));
  queue.Push(PacketKind::kOther, Frame('o'));
  queue.Push(PacketKind::kDisco, Frame('d'));
  EXPECT_TRUE(queue.PushPong({}));
  EXPECT_FALSE(queue.PushPong({}));
  queue.PushControl(Frame('c'));
  EXPECT_EQ(PopAll(queue),
            "c\x13"
            "doo");
  EXPECT_TRUE(queue.empty());
}

TEST(SendQueue, BoundsControlOfAReaderThatDoesNotRead) {
  SendQueue queue;
  for (size_t i = 0; i < 2 * kMaxControl; ++i) queue.PushControl(Frame('c'));
  EXPECT_EQ(PopAll(queue).size(), kMaxControl);
}

}  // namespace
}  // namespace warren::relay
