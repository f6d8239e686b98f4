// The kernel's super-packets are trusted, yet their headers quote what an
// application sent: any header over any bytes must be cut or refused.
#include <cstring>
#include <vector>

#include "client/io/packet_arena.h"
#include "client/io/tun_split.h"
#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren::client;
  VnetHeader header;
  if (size < sizeof header) return 0;
  std::memcpy(&header, data, sizeof header);
  std::vector<uint8_t> packet(data + sizeof header, data + size);
  static PacketArena arena(1 << 17);
  TunSplitter splitter;
  if (!splitter.Start(header, packet)) {
    WARREN_CHECK(splitter.done());
    return 0;
  }
  while (!splitter.done()) {
    warren::net::PacketBatch out;
    arena.Clear();
    splitter.Cut(1420, arena, out);
    WARREN_CHECK(!out.empty());
  }
  return 0;
}
