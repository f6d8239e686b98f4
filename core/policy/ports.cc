#include "core/policy/ports.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/net/ip.h"

namespace warren::policy {
namespace {

constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kSctp = 132;

struct ProtocolName {
  absl::string_view name;
  uint8_t number;
};
// IANA's numbers, by the names of specs/control-ts2021.md 6.2.
constexpr std::array<ProtocolName, 18> kProtocols = {{
    {"icmp", 1},
    {"icmpv4", 1},
    {"igmp", 2},
    {"ipv4", 4},
    {"ip-in-ip", 4},
    {"tcp", kTcp},
    {"egp", 8},
    {"igp", 9},
    {"udp", kUdp},
    {"dccp", 33},
    {"gre", 47},
    {"esp", 50},
    {"ah", 51},
    {"ipv6-icmp", 58},
    {"icmpv6", 58},
    {"tsmp", 99},
    {"sctp", kSctp},
    {"fc", 133},
}};

absl::Status BadRange(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("port range \"", text, "\": ", why));
}

bool IsDecimal(absl::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// 0-65535, or nothing.
std::optional<uint16_t> ParsePort(absl::string_view text) {
  uint32_t port = 0;
  if (!IsDecimal(text) || text.size() > 5) return std::nullopt;
  if (!absl::SimpleAtoi(text, &port) || port > 65535) return std::nullopt;
  return static_cast<uint16_t>(port);
}

absl::StatusOr<PortRange> ParseRange(absl::string_view text) {
  const size_t dash = text.find('-');
  const auto first = ParsePort(text.substr(0, dash));
  if (!first) return BadRange(text, "invalid first integer");
  if (dash == absl::string_view::npos) {
    if (*first == 0) {
      return BadRange(text, "first port must be >0, or use '*' for wildcard");
    }
    return PortRange{*first, *first};
  }
  const auto last = ParsePort(text.substr(dash + 1));
  if (!last) return BadRange(text, "invalid last integer");
  if (*first > *last) {
    return BadRange(text,
                    "invalid port range: first port is greater than last port");
  }
  return PortRange{*first, *last};
}

}  // namespace

absl::StatusOr<std::vector<PortRange>> ParsePorts(absl::string_view text) {
  if (text == "*") return std::vector<PortRange>{PortRange{}};
  std::vector<PortRange> ranges;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    WARREN_ASSIGN_OR_RETURN(const PortRange range, ParseRange(part));
    ranges.push_back(range);
  }
  return ranges;
}

absl::StatusOr<uint8_t> ParseProtocol(absl::string_view text) {
  const std::string name = absl::AsciiStrToLower(text);
  for (const ProtocolName& known : kProtocols) {
    if (known.name == name) return known.number;
  }
  uint32_t number = 0;
  if (IsDecimal(name) && name[0] == '0') {
    return absl::InvalidArgumentError(absl::StrCat(
        "leading 0 not permitted in protocol number: \"", text, "\""));
  }
  if (IsDecimal(name) && name.size() <= 3 && absl::SimpleAtoi(name, &number) &&
      number <= 255) {
    return static_cast<uint8_t>(number);
  }
  if (IsDecimal(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("protocol number out of range (0-255): ", text));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("proto name \"", text,
                   "\" not known; use protocol number 0-255 or protocol name ",
                   "(icmp, tcp, udp, etc.)"));
}

std::string ProtocolText(uint8_t protocol) {
  for (const ProtocolName& known : kProtocols) {
    if (known.number == protocol) return std::string(known.name);
  }
  return absl::StrCat(protocol);
}

bool HasPorts(uint8_t protocol) {
  return protocol == kTcp || protocol == kUdp || protocol == kSctp;
}

absl::Status CheckPorts(uint8_t protocol, const std::vector<PortRange>& ports) {
  if (HasPorts(protocol)) return absl::OkStatus();
  for (const PortRange& range : ports) {
    if (range.IsAll()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("protocol does not support specific ports: \"",
                     ProtocolText(protocol), "\", only \"*\" is allowed"));
  }
  return absl::OkStatus();
}

absl::StatusOr<IpItem> ParseIpItem(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  IpItem item;
  if (parts.size() > 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\": expected only one colon in Internet protocol and ",
        "port type"));
  }
  if (parts.size() == 2) {
    WARREN_ASSIGN_OR_RETURN(item.protocol, ParseProtocol(parts[0]));
  }
  WARREN_ASSIGN_OR_RETURN(item.ports, ParsePorts(parts.back()));
  if (item.protocol) {
    WARREN_RETURN_IF_ERROR(CheckPorts(*item.protocol, item.ports));
  }
  return item;
}

absl::StatusOr<SelectorAndPorts> SplitDestination(absl::string_view text) {
  std::string bare(text);
  if (absl::StartsWith(text, "[")) {
    const size_t close = text.find(']');
    const bool closed = close != absl::string_view::npos;
    const auto inner = net::IpAddress::Parse(closed ? text.substr(1, close - 1)
                                                    : absl::string_view());
    if (!inner.ok() || !inner->is_v6()) {
      return absl::InvalidArgumentError(
          "square brackets are only valid around IPv6 addresses");
    }
    bare = absl::StrCat(text.substr(1, close - 1), text.substr(close + 1));
  }
  const size_t colon = bare.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError("hostport must contain a colon (\":\")");
  }
  if (colon == 0) {
    return absl::InvalidArgumentError("nothing before the colon");
  }
  return SelectorAndPorts{bare.substr(0, colon), bare.substr(colon + 1)};
}

}  // namespace warren::policy
