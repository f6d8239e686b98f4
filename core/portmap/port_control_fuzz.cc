#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/portmap/nat_pmp.h"
#include "core/portmap/pcp.h"

// Any bytes from the router's port 5351: no crash, and no datagram says that it
// is a mapping of both protocols.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const Bytes datagram(data, size);
  const auto pmp = portmap::ParsePmpReply(datagram);
  const auto pcp = portmap::ParsePcpReply(datagram);
  const bool by_pmp = pmp.ok() && pmp->result == portmap::PmpResult::kSuccess;
  const bool by_pcp = pcp.ok() && pcp->result == portmap::PcpResult::kSuccess;
  WARREN_CHECK(!by_pmp || !by_pcp);
  WARREN_CHECK(!by_pmp || pmp->map || pmp->external_address);
  return 0;
}
