#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/noise/record.h"

namespace {

using warren::Bytes;

constexpr std::array<uint8_t, 32> kKey = {
    0x97, 0xbb, 0x1f, 0xf1, 0xb3, 0xc0, 0x03, 0x0e, 0xd1, 0xe8, 0xf7,
    0xd5, 0x4a, 0xd3, 0x72, 0x8a, 0xd8, 0x85, 0xba, 0x61, 0x87, 0x51,
    0xae, 0x88, 0xd5, 0xa7, 0x52, 0xc3, 0xc5, 0xf3, 0x10, 0x27};

struct Result {
  absl::Status status;
  std::vector<uint8_t> plaintext;
};

Result ReadInPieces(Bytes stream, size_t piece) {
  warren::noise::RecordReader reader(kKey);
  Result out;
  while (!stream.empty() && out.status.ok()) {
    const size_t n = std::min(piece, stream.size());
    out.status = reader.Read(stream.first(n), out.plaintext);
    stream = stream.subspan(n);
  }
  return out;
}

}  // namespace

// The input as a stream of records: how it is cut must not matter. The key is
// that of the specification's vector, so that the corpus opens. The input as
// plaintext: it must come back.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input(data, size);
  const Result whole = ReadInPieces(input, input.size());
  for (const size_t piece : {size_t{1}, size_t{7}}) {
    const Result cut = ReadInPieces(input, piece);
    WARREN_CHECK(cut.status == whole.status);
    WARREN_CHECK(cut.plaintext == whole.plaintext);
  }
  warren::noise::RecordSealer sealer(kKey);
  std::vector<uint8_t> frames;
  WARREN_CHECK(sealer.Seal(input, frames).ok());
  const Result back = ReadInPieces(frames, 1000);
  WARREN_CHECK(back.status.ok());
  WARREN_CHECK(std::ranges::equal(back.plaintext, input));
  return 0;
}
