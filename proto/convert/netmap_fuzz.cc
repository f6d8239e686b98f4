#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "proto/convert/netmap.h"

// Any bytes as each message: no crash, and what is accepted survives the way
// back and forth.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const int num_bytes = static_cast<int>(size);
  v1::Netmap full;
  if (full.ParseFromArray(data, num_bytes)) {
    if (const auto netmap = convert::FromProto(full); netmap.ok()) {
      WARREN_CHECK(*convert::FromProto(convert::ToProto(*netmap)) == *netmap);
    }
  }
  v1::NetmapDiff changes;
  if (changes.ParseFromArray(data, num_bytes)) {
    if (const auto diff = convert::FromProto(changes); diff.ok()) {
      WARREN_CHECK(*convert::FromProto(convert::ToProto(*diff)) == *diff);
    }
  }
  return 0;
}
