#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/portmap/http.h"
#include "core/portmap/igd.h"
#include "core/portmap/ssdp.h"
#include "core/portmap/xml.h"

// Any bytes from the router's web server or as an SSDP answer: no crash, no
// host but the router's, and nothing in a path that would end the request line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  const Bytes bytes(data, size);
  const absl::string_view text = AsText(bytes);
  const portmap::HttpUrl at = {{net::IpAddress::V4(0xc0a80101), 5000},
                               "/rootdesc/desc.xml"};
  const auto check_services = [&at](absl::string_view xml) {
    const auto services = portmap::ParseDescription(xml, at);
    if (!services.ok()) return;
    WARREN_CHECK(services->size() <= portmap::kMaxIgdServices);
    for (const portmap::IgdService& service : *services) {
      WARREN_CHECK(service.control.host.address() == at.host.address());
      WARREN_CHECK(service.control.host.IsSet());
      WARREN_CHECK(service.control.path.find_first_of(" \r\n") ==
                   std::string::npos);
    }
  };
  check_services(text);
  const auto response = portmap::ParseHttpResponse(text);
  if (response.ok()) {
    WARREN_CHECK(response->body.size() <= size);
    check_services(response->body);
  }
  if (const auto reply = portmap::ParseSearchReply(bytes); reply.ok()) {
    (void)portmap::ParseHttpUrl(reply->location);
  }
  (void)portmap::ParseSoapReply(text, "AddPortMapping");
  return 0;
}
