#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/stun/stun.h"

// Any bytes: no crash, and what is understood can be said again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const Bytes datagram(data, size);
  const auto strict =
      stun::ParseRequest(datagram, stun::Answer::kTailnetClients);
  const auto lax = stun::ParseRequest(datagram, stun::Answer::kAnyClient);
  WARREN_CHECK(!strict || lax == strict);
  WARREN_CHECK(!lax || lax->extended || !lax->change_port);
  if (const auto response = stun::ParseResponse(datagram); response.ok()) {
    const stun::Request request{response->txid, true, false};
    const auto again = stun::ParseResponse(
        stun::BuildResponse(request, response->seen, response->other_port)
            .view());
    WARREN_CHECK(again.ok() && again->seen == response->seen);
    WARREN_CHECK(again->other_port == response->other_port);
  }
  return 0;
}
