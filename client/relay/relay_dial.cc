#include "client/relay/relay_dial.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "io/tls.h"

namespace warren::client {
namespace {

// Whether DNS is asked for the addresses of `family`.
bool LeftToDns(const derp::RelayNode& relay, net::Family family) {
  return (family == net::Family::kV4 ? relay.ipv4 : relay.ipv6).empty();
}

bool IsPinned(const derp::RelayNode& relay) {
  return absl::StartsWith(relay.cert_name, "sha256-raw:");
}

absl::StatusOr<std::shared_ptr<const io::TlsContext>> TlsFor(
    const derp::RelayNode& relay) {
  io::TlsClientOptions options;
  if (relay.insecure_for_tests) {
    options.verify = io::TlsVerify::kOff;
  } else if (IsPinned(relay)) {
    options.verify = io::TlsVerify::kPin;
    options.pin = relay.cert_name;
  }
  return io::TlsContext::Client(options);
}

}  // namespace

void FindRelayAddresses(Resolver& resolver, const derp::RelayNode& relay,
                        Resolver::Answer found) {
  std::vector<net::IpAddress> literals;
  for (const std::string* text : {&relay.ipv4, &relay.ipv6}) {
    const auto address = net::IpAddress::Parse(*text);
    if (address.ok()) literals.push_back(*address);
  }
  const bool ask_dns =
      LeftToDns(relay, net::Family::kV4) || LeftToDns(relay, net::Family::kV6);
  if (!literals.empty() || !ask_dns) return found(std::move(literals));
  resolver.Resolve(relay.hostname, [relay, found = std::move(found)](
                                       std::vector<net::IpAddress> addresses) {
    std::erase_if(addresses, [&](const net::IpAddress& a) {
      return !LeftToDns(relay, a.family());
    });
    found(std::move(addresses));
  });
}

std::vector<net::IpAddress> ThroughNat64(
    const std::vector<net::IpAddress>& addresses,
    const net::IpAddress& prefix) {
  std::vector<net::IpAddress> out;
  for (const net::IpAddress& address : addresses) {
    if (address.is_v6()) out.push_back(address);
  }
  for (const net::IpAddress& address : addresses) {
    if (!address.is_v4()) continue;
    std::array<uint8_t, 16> bytes = prefix.Mapped16();
    std::copy_n(address.bytes().begin(), 4, bytes.begin() + 12);
    out.push_back(net::IpAddress::V6(bytes));
  }
  return out;
}

absl::StatusOr<StreamTarget> RelayTarget(
    const derp::RelayNode& relay,
    const std::vector<net::IpAddress>& addresses) {
  StreamTarget target;
  for (const net::IpAddress& address : addresses) {
    target.endpoints.emplace_back(address, relay.DerpPort());
  }
  if (relay.plain_http) return target;
  WARREN_ASSIGN_OR_RETURN(target.tls, TlsFor(relay));
  target.tls_name = relay.cert_name.empty() || IsPinned(relay)
                        ? relay.hostname
                        : relay.cert_name;
  return target;
}

std::string RelayHostHeader(const derp::RelayNode& relay) {
  const uint16_t usual = relay.plain_http ? 80 : 443;
  return relay.DerpPort() == usual
             ? relay.hostname
             : absl::StrCat(relay.hostname, ":", relay.DerpPort());
}

}  // namespace warren::client
