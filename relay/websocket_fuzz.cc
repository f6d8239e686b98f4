#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/check.h"
#include "relay/websocket.h"

// The payload of all of `stream` in pieces of `step`; nullopt after an error.
static std::optional<std::vector<uint8_t>> Decode(std::vector<uint8_t> stream,
                                                  size_t step) {
  warren::relay::WebSocketReader reader;
  std::vector<uint8_t> reply;
  std::vector<uint8_t> out;
  warren::MutableBytes rest = stream;
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(piece.size());
    const auto n = reader.Decode(piece, reply);
    if (!n.ok()) return std::nullopt;
    WARREN_CHECK(*n <= piece.size());
    out.insert(out.end(), piece.begin(),
               piece.begin() + static_cast<ptrdiff_t>(*n));
  }
  return out;
}

// Any bytes mean the same however they are cut.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> stream(data, data + size);
  const auto whole = Decode(stream, size + 1);
  WARREN_CHECK(Decode(stream, 1) == whole);
  WARREN_CHECK(Decode(stream, 7) == whole);
  return 0;
}
