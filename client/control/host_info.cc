#include "client/control/host_info.h"

#include <sys/utsname.h>

#include "core/base/version.h"

namespace warren::client {

v1::HostInfo ThisHost() {
  v1::HostInfo info;
  info.set_os("linux");
  info.set_client_version(kVersion);
  utsname system{};
  if (uname(&system) == 0) {
    info.set_hostname(system.nodename);
    info.set_os_version(system.release);
  }
  return info;
}

}  // namespace warren::client
