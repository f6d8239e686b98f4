#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/net/ip.h"

// Any text: no crash, and what is understood is written so that it is
// understood as the same again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const absl::string_view text = AsText(Bytes(data, size));
  if (const auto address = net::IpAddress::Parse(text); address.ok()) {
    WARREN_CHECK(*net::IpAddress::Parse(address->ToString()) == *address);
  }
  if (const auto prefix = net::IpPrefix::Parse(text); prefix.ok()) {
    WARREN_CHECK(*net::IpPrefix::Parse(prefix->ToString()) == *prefix);
  }
  const auto endpoint = net::Endpoint::Parse(text);
  if (endpoint.ok() && !endpoint->IsRelay()) {
    WARREN_CHECK(*net::Endpoint::Parse(endpoint->ToString()) == *endpoint);
  }
  return 0;
}
