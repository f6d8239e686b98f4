#ifndef WARREN_CORE_PORTMAP_IGD_H_
#define WARREN_CORE_PORTMAP_IGD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/portmap/http.h"

// UPnP InternetGatewayDevice 1 and 2: the router's description of itself, and
// SOAP calls to the services in it (UPnP Device Architecture 1.1 §2, §3;
// WANIPConnection:1, :2 and WANPPPConnection:1; specs/dataplane.md 8.6).
namespace warren::portmap {

// The services that map ports, best first.
enum class IgdServiceType : uint8_t {
  kWanIp2,
  kWanIp1,
  kWanPpp1,
  kDslForumWanPpp1,  // of before UPnP had its own names
  kDslForumWanIp1,
};
// "urn:schemas-upnp-org:service:WANIPConnection:2"
const char* UrnOf(IgdServiceType type);

struct IgdService {
  IgdServiceType type = IgdServiceType::kWanIp2;
  HttpUrl control;
};

// More would be asked in vain.
inline constexpr size_t kMaxIgdServices = 4;

// The services a description offers, best first, kMaxIgdServices at most; maybe
// none. `at` is where it was fetched: whatever host the description names, that
// one is asked. INVALID_ARGUMENT: not XML, or not of a device.
absl::StatusOr<std::vector<IgdService>> ParseDescription(absl::string_view xml,
                                                         const HttpUrl& at);

std::string BuildGetRequest(const HttpUrl& url);

// Named values, in the order of the call. They are ours: nothing in them needs
// an escape.
using SoapArguments = std::vector<std::pair<std::string, std::string>>;

// A whole HTTP request that calls `action`.
std::string BuildSoapRequest(const IgdService& service,
                             absl::string_view action,
                             const SoapArguments& arguments);

// WANIPConnection:2 §2.5 and UPnP Device Architecture §3.2.2, as far as it
// matters which.
inline constexpr int kFaultInvalidArgs = 402;
inline constexpr int kFaultNoSuchEntry = 714;
inline constexpr int kFaultConflict = 718;
inline constexpr int kFaultSamePortRequired = 724;
inline constexpr int kFaultOnlyPermanentLeases = 725;

struct SoapReply {
  int fault = 0;  // UPnP errorCode; 0: it succeeded
  std::map<std::string, std::string> values;

  // Empty if it is not there.
  absl::string_view Value(absl::string_view name) const;
};

// Reads the answer to a call of `action`. INVALID_ARGUMENT: neither its
// response nor a fault with a code.
absl::StatusOr<SoapReply> ParseSoapReply(absl::string_view response,
                                         absl::string_view action);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_IGD_H_
