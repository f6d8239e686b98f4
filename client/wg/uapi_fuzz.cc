#include "client/wg/uapi.h"
#include "core/base/bytes.h"

// Whatever comes over the configuration socket: no crash, and a refusal that
// stays one line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto request = warren::client::ParseSet(warren::AsText({data, size}));
  if (!request.ok() && request.status().message().size() > 400)
    __builtin_trap();
  return 0;
}
