#include <cstddef>
#include <cstdint>

#include "client/daemon/state_file.h"
#include "core/base/bytes.h"
#include "core/base/check.h"

// Any file: no crash, and a state that is read is written back the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const auto state = client::ParseState(AsText(Bytes(data, size)));
  if (!state.ok()) return 0;
  const std::string text = client::SerializeState(*state);
  const auto again = client::ParseState(text);
  WARREN_CHECK(again.ok() && client::SerializeState(*again) == text);
  return 0;
}
