// The packet lanes allocate nothing once there is a session.

#include <cstdlib>
#include <new>
#include <string>

#include "core/wg/device.h"
#include "core/wg/test_world.h"
#include "gtest/gtest.h"

namespace {
size_t num_allocations = 0;
}

// Not inlined, or the compiler takes malloc and free for a mismatch.
[[gnu::noinline]] void* operator new(size_t size) {
  ++num_allocations;
  if (void* p = std::malloc(size)) return p;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept {
  std::free(p);
}

namespace warren::wg {
namespace {

TEST(PacketLanes, AllocateNothing) {
  World world;
  Node& a = world.Add(0x00, "192.0.2.1:1000");
  Node& b = world.Add(0x20, "192.0.2.2:2000");
  world.Link(a, "100.64.0.1/32", b, "100.64.0.2/32");
  a.Send("100.64.0.1", "100.64.0.2", "hello");
  world.Settle();

  const Octets inner =
      InnerPacket("100.64.0.1", "100.64.0.2", std::string(1000, 'x'));
  std::vector<Buffer> buffers;
  for (size_t i = 0; i < net::PacketBatch::kMaxPackets; ++i) {
    buffers.emplace_back(inner);
  }
  net::PacketBatch plain, sealed;
  for (Buffer& buffer : buffers) plain.Add(buffer.packet());
  const size_t before = num_allocations;
  for (int round = 0; round < 10; ++round) {
    for (net::Packet& packet : plain) packet.peer = net::kNoPeer;
    a.device.Seal(world.now, plain, sealed);
    for (net::Packet& packet : sealed) packet.endpoint = a.endpoint;
    b.device.Open(world.now, sealed, plain);
    ASSERT_TRUE(plain.full());
  }
  EXPECT_EQ(num_allocations, before);
  EXPECT_EQ(b.device.counters().packets_opened, 1281u);
}

}  // namespace
}  // namespace warren::wg
