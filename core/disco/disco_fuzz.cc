#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/disco/disco.h"

// Any bytes: no crash, and what is understood can be said again. Equality is
// on the second encoding: the first may carry ignored bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const Bytes input(data, size);
  (void)disco::SenderOf(input);
  const auto message = disco::Parse(input);
  if (!message.ok()) return 0;
  const auto* ping = std::get_if<disco::Ping>(&*message);
  // A short ping's trailing bytes are read as padding, which encodes as zeros
  // and may then be as long as a key.
  if (ping != nullptr && !ping->node_key) return 0;
  const auto* via = std::get_if<disco::CallMeMaybeVia>(&*message);
  if (via != nullptr && !via->endpoint) return 0;
  const auto* allocated =
      std::get_if<disco::AllocateRelayEndpointResponse>(&*message);
  if (allocated != nullptr && !allocated->endpoint) return 0;
  if (ping != nullptr && ping->padding > disco::kMaxPingPadding) return 0;
  const auto again = disco::Parse(disco::Encode(*message));
  WARREN_CHECK(again.ok() && *again == *message);
  return 0;
}
