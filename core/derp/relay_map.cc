#include "core/derp/relay_map.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"

namespace warren::derp {
namespace {

constexpr char kPinPrefix[] = "sha256-raw:";
constexpr size_t kMaxNameSize = 253;  // of a DNS name, RFC 1035 §2.3.4

bool IsPin(absl::string_view text) {
  if (text.size() != sizeof(kPinPrefix) - 1 + 64) return false;
  text.remove_prefix(sizeof(kPinPrefix) - 1);
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           (c >= 'a' && c <= 'f');
  });
}

absl::Status Validate(const RelayNode& node) {
  const auto bad = [&node](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "relay node \"",
        absl::CHexEscape(absl::string_view(node.name).substr(0, 64)),
        "\": ", what));
  };
  if (node.name.empty() || node.name.size() > kMaxNameSize) {
    return bad(absl::StrCat("a name of ", node.name.size(),
                            " bytes, 1 to 253 are allowed"));
  }
  if (node.hostname.empty() || node.hostname.size() > kMaxNameSize) {
    return bad(absl::StrCat("a hostname of ", node.hostname.size(),
                            " bytes, 1 to 253 are allowed"));
  }
  if (node.derp_port < 0 || node.derp_port > 65535) {
    return bad(
        absl::StrCat("DERP port ", node.derp_port, " is not in 0 to 65535"));
  }
  if (node.stun_port < -1 || node.stun_port > 65535) {
    return bad(
        absl::StrCat("STUN port ", node.stun_port, " is not in -1 to 65535"));
  }
  if (absl::StartsWith(node.cert_name, kPinPrefix) && !IsPin(node.cert_name)) {
    return bad(
        "the certificate pin is not sha256-raw: and 64 lower-case hex "
        "digits");
  }
  return absl::OkStatus();
}

}  // namespace

uint16_t RelayNode::DerpPort() const {
  return derp_port == 0 ? kDefaultDerpPort : static_cast<uint16_t>(derp_port);
}

uint16_t RelayNode::StunPort() const {
  if (stun_port < 0) return 0;
  return stun_port == 0 ? kDefaultStunPort : static_cast<uint16_t>(stun_port);
}

const RelayRegion* RelayMap::Find(RelayId id) const {
  const auto it = std::lower_bound(
      regions.begin(), regions.end(), id,
      [](const RelayRegion& region, RelayId want) { return region.id < want; });
  return it != regions.end() && it->id == id ? &*it : nullptr;
}

absl::Status Validate(const RelayMap& map) {
  if (map.regions.size() > kMaxRegions) {
    return absl::InvalidArgumentError(absl::StrCat(
        "relay map: ", map.regions.size(), " regions, at most ", kMaxRegions));
  }
  RelayId last;
  for (const RelayRegion& region : map.regions) {
    if (region.id <= last) {
      return absl::InvalidArgumentError(absl::StrCat(
          "relay region ", region.id.value(), ": ids must rise from 1"));
    }
    last = region.id;
    if (region.nodes.size() > kMaxNodesPerRegion) {
      return absl::InvalidArgumentError(absl::StrCat(
          "relay region ", region.id.value(), ": ", region.nodes.size(),
          " nodes, at most ", kMaxNodesPerRegion));
    }
    for (const RelayNode& node : region.nodes) {
      WARREN_RETURN_IF_ERROR(Validate(node));
    }
  }
  return absl::OkStatus();
}

}  // namespace warren::derp
