// What an authenticated peer sends goes into the coalescer as it is: any bytes
// must pass, none may be lost, and the kernel must be able to cut the result.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "client/io/packet_arena.h"
#include "client/io/tun_coalesce.h"
#include "client/io/tun_split.h"
#include "core/base/bytes.h"
#include "core/base/check.h"

namespace warren::client {
namespace {

// The input is packets, each after two bytes: its size, 1 to 512; the last
// may be cut short.
void Run(Bytes input) {
  static auto coalescer = std::make_unique<TunCoalescer>();
  static PacketArena arena(1 << 18);
  std::vector<uint8_t> memory(input.begin(), input.end());
  net::PacketBatch batch;
  size_t at = 0;
  while (at + 2 < memory.size() && !batch.full()) {
    const size_t wanted = 1 + LoadBe16(&memory[at]) % 512u;
    at += 2;
    net::Packet packet;
    packet.data = &memory[at];
    packet.size = static_cast<uint32_t>(std::min(wanted, memory.size() - at));
    at += packet.size;
    batch.Add(packet);
  }
  const size_t given = batch.size();
  size_t written = 0;
  for (const TunCoalescer::Write& write : coalescer->Coalesce(
           batch, {.vnet_header = true, .tcp = true, .udp = true})) {
    written += write.num_packets;
    VnetHeader header;
    std::memcpy(&header, write.parts[0].iov_base, sizeof header);
    std::vector<uint8_t> super;
    for (const iovec& part : write.parts.subspan(1)) {
      const auto* data = static_cast<const uint8_t*>(part.iov_base);
      super.insert(super.end(), data, data + part.iov_len);
    }
    if (write.num_packets == 1) continue;
    TunSplitter splitter;
    net::PacketBatch cut;
    arena.Clear();
    WARREN_CHECK(splitter.Start(header, super));
    splitter.Cut(1420, arena, cut);
    WARREN_CHECK(splitter.done() && cut.size() == write.num_packets);
  }
  WARREN_CHECK(written == given);
}

}  // namespace
}  // namespace warren::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  warren::client::Run({data, size});
  return 0;
}
