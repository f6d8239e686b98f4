#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/derp/client_session.h"
#include "core/derp/derp_test_keys.h"
#include "core/derp/frame.h"

// Reads `stream` in pieces of `step`: how many frames, or -1 after an error.
static int CountFrames(warren::derp::Reader end, warren::Bytes stream,
                       size_t step) {
  warren::derp::FrameReader reader(end);
  int frames = 0;
  while (!stream.empty()) {
    warren::Bytes piece = stream.first(std::min(step, stream.size()));
    stream = stream.subspan(piece.size());
    while (true) {
      const auto frame = reader.Next(piece);
      if (!frame.ok()) return -1;
      if (!*frame) break;
      ++frames;
    }
    WARREN_CHECK(piece.empty());
  }
  return frames;
}

// Any bytes, however cut, mean the same to both ends, and nothing crashes a
// client.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const Bytes stream(data, size);
  for (const auto end : {derp::Reader::kClient, derp::Reader::kServer}) {
    const int whole = CountFrames(end, stream, size + 1);
    WARREN_CHECK(CountFrames(end, stream, 1) == whole);
    WARREN_CHECK(CountFrames(end, stream, 7) == whole);
  }
  SeededRng rng(1);
  const Instant now;
  derp::ClientSession::Options options{.key = derp::NodeA()};
  options.server = derp::RelayServer().public_key();
  derp::ClientSession session(std::move(options), rng, now);
  Bytes rest = stream;
  while (true) {
    const auto event = session.Next(now, rest);
    if (!event.ok() || !*event) break;
  }
  return 0;
}
