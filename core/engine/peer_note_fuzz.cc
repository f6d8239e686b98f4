#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/engine/peer_note.h"

// A note of a peer: what is understood survives the way out and in again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto note = warren::engine::ParseNote({data, size});
  if (!note) return 0;
  const std::vector<uint8_t> bytes = warren::engine::EncodeNote(*note);
  WARREN_CHECK(bytes.size() <= warren::engine::kMaxNoteSize);
  const auto again = warren::engine::ParseNote(bytes);
  WARREN_CHECK(again && *again == *note);
  return 0;
}
