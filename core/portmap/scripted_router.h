#ifndef WARREN_CORE_PORTMAP_SCRIPTED_ROUTER_H_
#define WARREN_CORE_PORTMAP_SCRIPTED_ROUTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/portmap/mapping.h"
#include "core/portmap/pcp.h"

// For tests: a home router as routers are, good and bad.
namespace warren::portmap {

// What it does. The defaults are those of a good one that speaks nothing.
struct RouterScript {
  bool pcp = false;
  bool nat_pmp = false;
  bool upnp = false;
  int refuses = 0;          // with this result or UPnP error
  int refuses_once = 0;     // as above, the first request only
  uint16_t port_shift = 0;  // it grants another port than the one suggested
  uint32_t grants_s = 7200;
  absl::Duration delay = {};    // of each answer
  bool other_source = false;    // answers come from another address
  bool other_port = false;      // or from another port
  bool garbage = false;         // answers are noise
  bool other_nonce = false;     // of PCP
  bool maps_nothing = false;    // UPnP: it says yes, and shows no mapping
  bool maps_for_other = false;  // UPnP: or one of another client
  bool igd2 = false;
  int services = 1;              // WANPPPConnection:1 beside it; not connected
  std::string description = {};  // sent instead of the real one
  bool endless = false;          // its HTTP never ends; what came is passed on
  std::string location_host = "192.168.1.1";
};

class ScriptedRouter {
 public:
  static net::IpAddress Address();  // 192.168.1.1
  static net::IpAddress Client();   // 192.168.1.50
  static constexpr uint16_t kHttpPort = 5000;

  explicit ScriptedRouter(RouterScript script) : script_(std::move(script)) {}

  RouterScript& script() { return script_; }
  void SetExternal(const net::IpAddress& address) { external_ = address; }
  // Forgets all mappings; its epoch begins at `now`.
  void Reboot(Instant now);

  struct Answer {
    net::Endpoint from;
    std::vector<uint8_t> bytes;
  };
  // What it says to a datagram; maybe nothing.
  std::vector<Answer> OnDatagram(Instant now, const Datagram& datagram);
  absl::StatusOr<std::string> OnExchange(const Exchange& exchange);

  // By external port: the internal one.
  const std::map<uint16_t, uint16_t>& mappings() const { return mappings_; }

 private:
  std::vector<uint8_t> OnPcp(Instant now, Bytes request);
  std::vector<uint8_t> OnPmp(Instant now, Bytes request);
  std::string OnSearch() const;
  std::string Description() const;
  std::string OnSoap(absl::string_view action, absl::string_view request);
  std::string OnAdd(absl::string_view action, absl::string_view request);
  // The result to answer a request with; 0: it is granted.
  int Verdict();
  uint32_t EpochAt(Instant now) const;
  void Map(uint16_t internal, uint16_t external, uint32_t lifetime_s);

  RouterScript script_;
  net::IpAddress external_ = net::IpAddress::V4(0xc6336407);  // 198.51.100.7
  Instant booted_ = Instant::FromEpoch(absl::ZeroDuration());
  std::map<uint16_t, uint16_t> mappings_;
  std::optional<PcpNonce> nonce_;
};

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_SCRIPTED_ROUTER_H_
