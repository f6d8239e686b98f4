#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "io/http_upgrade.h"

// Any bytes: the head ends at the same place however it arrives, and parsing
// it throws nothing and crashes nothing.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  io::HttpHeadReader whole;
  Bytes rest(data, size);
  const auto done = whole.Take(rest);
  io::HttpHeadReader byte_wise;
  size_t used = 0;
  bool complete = false;
  while (used < size && !complete) {
    Bytes one(data + used, 1);
    const auto more = byte_wise.Take(one);
    if (!more.ok()) break;
    complete = *more;
    used += 1 - one.size();
  }
  WARREN_CHECK(complete == (done.ok() && *done));
  if (!complete) return 0;
  WARREN_CHECK(used == size - rest.size());
  if (const auto request = whole.Request(); request.ok()) {
    (void)request->ContentLength();
    (void)request->path();
  }
  if (const auto response = whole.Response(); response.ok()) {
    (void)response->ContentLength();
  }
  return 0;
}
