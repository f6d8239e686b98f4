#include "core/portmap/mapping.h"

namespace warren::portmap {

const char* NameOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kPcp:
      return "PCP";
    case Protocol::kNatPmp:
      return "NAT-PMP";
    case Protocol::kUpnp:
      return "UPnP";
  }
  return "?";
}

bool Mapping::Public() const {
  const net::IpAddress& address = external.address();
  return address.is_v4() && !address.IsUnspecified() && !address.IsLoopback() &&
         !address.IsMulticast() && !address.IsLinkLocal() &&
         !address.IsPrivate() && !address.IsTailnet();
}

}  // namespace warren::portmap
