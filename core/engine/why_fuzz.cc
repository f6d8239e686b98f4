#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/engine/why.h"

// The joined pieces of a peer: what is understood survives the way out and in
// again, within the bounds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace engine = warren::engine;
  const auto report = engine::ParseWhy({data, size});
  if (!report) return 0;
  WARREN_CHECK(report->events.size() <= engine::WhyReport::kMaxEvents);
  const auto pieces = engine::EncodeWhy(*report);
  WARREN_CHECK(pieces.size() <= engine::kMaxWhyPieces);
  std::vector<uint8_t> whole;
  for (const auto& piece : pieces) {
    whole.insert(whole.end(), piece.begin(), piece.end());
  }
  const auto again = engine::ParseWhy(whole);
  WARREN_CHECK(again && *again == *report);
  return 0;
}
