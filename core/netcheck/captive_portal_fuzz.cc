#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/netcheck/captive_portal.h"

// Any bytes: no crash; nobody passes for the relay without our challenge.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const std::string text(AsText(Bytes(data, size)));
  const net::Endpoint server(net::IpAddress::V4(0xc6336401), 80);
  const auto verdict = netcheck::JudgePortalResponse(text, server);
  WARREN_CHECK(verdict != netcheck::PortalVerdict::kRelay ||
               text.find("response ts_198.51.100.1") != std::string::npos);
  return 0;
}
