#ifndef WARREN_CORE_POLICY_PORTS_H_
#define WARREN_CORE_POLICY_PORTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Ports and protocols as policies spell them (specs/control-ts2021.md 6.2).
// Each refusal is INVALID_ARGUMENT in the words of the field.
namespace warren::policy {

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 65535;
  bool IsAll() const { return first == 0 && last == 65535; }
  friend auto operator<=>(const PortRange&, const PortRange&) = default;
};

// "*", "22", "80-443", "22,80-90": as written, neither sorted nor merged.
absl::StatusOr<std::vector<PortRange>> ParsePorts(absl::string_view text);

// A name of 6.2 in any case, or a decimal number 1-255 without leading zeros.
absl::StatusOr<uint8_t> ParseProtocol(absl::string_view text);
// "tcp"; "200" where there is no name.
std::string ProtocolText(uint8_t protocol);
// TCP, UDP and SCTP: others have no ports, and any range but "*" means none.
bool HasPorts(uint8_t protocol);
// INVALID_ARGUMENT: particular ports of a protocol that has none.
absl::Status CheckPorts(uint8_t protocol, const std::vector<PortRange>& ports);

// An item of a grant's `ip`: "*", "ports", "proto:*", "proto:ports".
struct IpItem {
  std::optional<uint8_t> protocol;  // absent: the default set
  std::vector<PortRange> ports;
};
absl::StatusOr<IpItem> ParseIpItem(absl::string_view text);

// The two halves of an ACL's destination, "selector:ports". An IPv6 literal
// may stand bare or in brackets, which are dropped: "[fd7a::1]:22",
// "fd7a::/48:*".
struct SelectorAndPorts {
  std::string selector;
  std::string ports;
};
absl::StatusOr<SelectorAndPorts> SplitDestination(absl::string_view text);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_PORTS_H_
