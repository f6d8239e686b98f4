#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/wg/uapi.h"
#include "core/base/hex.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

constexpr size_t kKeySize = 32;

// A key's bytes, wiped when done with.
struct KeyText {
  std::array<uint8_t, kKeySize> bytes{};
  ~KeyText() { crypto::Wipe(bytes); }
};

absl::Status ParseKeyText(absl::string_view text, KeyText& out) {
  auto bytes = ParseHex(text);
  if (!bytes.ok() || bytes->size() != kKeySize) {
    if (bytes.ok()) crypto::Wipe(*bytes);
    return absl::InvalidArgumentError("must be 64 hex digits");
  }
  std::copy(bytes->begin(), bytes->end(), out.bytes.begin());
  crypto::Wipe(*bytes);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> ParseNumber(absl::string_view text, uint32_t max) {
  // SimpleAtoi would take spaces and signs.
  uint64_t value = 0;
  if (text.empty() || text.size() > 10) {
    return absl::InvalidArgumentError("must be a decimal number");
  }
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return absl::InvalidArgumentError("must be a decimal number");
    }
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  if (value > max) {
    return absl::InvalidArgumentError(absl::StrCat("must be at most ", max));
  }
  return static_cast<uint32_t>(value);
}

absl::Status ParseTrue(absl::string_view text) {
  if (text == "true") return absl::OkStatus();
  return absl::InvalidArgumentError("must be \"true\"");
}

// "10.0.0.0/8"; a bare address is one host. Unlike IpPrefix::Parse, host bits
// may be set: people write `wg set wg0 peer ... allowed-ips 10.0.0.2/24`.
absl::StatusOr<net::IpPrefix> ParseAllowedIp(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  WARREN_ASSIGN_OR_RETURN(const net::IpAddress address,
                          net::IpAddress::Parse(parts.first));
  const uint32_t max = address.is_v4() ? 32 : 128;
  uint32_t bits = max;
  if (parts.first.size() != text.size()) {
    WARREN_ASSIGN_OR_RETURN(bits, ParseNumber(parts.second, max));
  }
  return net::IpPrefix(address, static_cast<int>(bits));
}

// One line of the device's section. UNIMPLEMENTED: not a key of that section.
absl::Status DeviceLine(absl::string_view key, absl::string_view value,
                        SetRequest& request) {
  if (key == "private_key") {
    KeyText text;
    WARREN_RETURN_IF_ERROR(ParseKeyText(value, text));
    static constexpr std::array<uint8_t, kKeySize> kZeros{};
    request.private_key.emplace();
    if (!crypto::ConstantTimeEqual(text.bytes, kZeros)) {
      request.private_key->emplace(
          crypto::NodePrivateKey::FromBytes(text.bytes));
    }
    return absl::OkStatus();
  }
  if (key == "listen_port") {
    WARREN_ASSIGN_OR_RETURN(const uint32_t port, ParseNumber(value, 65535));
    request.listen_port = static_cast<uint16_t>(port);
    return absl::OkStatus();
  }
  if (key == "fwmark") {
    WARREN_ASSIGN_OR_RETURN(request.fwmark, ParseNumber(value, UINT32_MAX));
    return absl::OkStatus();
  }
  if (key == "replace_peers") {
    request.replace_peers = true;
    return ParseTrue(value);
  }
  return absl::UnimplementedError("unknown key");
}

absl::Status AllowedIpLine(absl::string_view value, PeerChange& peer) {
  AllowedIpChange change;
  change.remove = absl::ConsumePrefix(&value, "-");
  WARREN_ASSIGN_OR_RETURN(change.prefix, ParseAllowedIp(value));
  peer.allowed_ips.push_back(change);
  return absl::OkStatus();
}

absl::Status EndpointLine(absl::string_view value, PeerChange& peer) {
  WARREN_ASSIGN_OR_RETURN(peer.endpoint, net::Endpoint::Parse(value));
  if (peer.endpoint->IsSet()) return absl::OkStatus();
  return absl::InvalidArgumentError("port must not be 0");
}

absl::Status PeerLine(absl::string_view key, absl::string_view value,
                      PeerChange& peer) {
  if (key == "remove") {
    peer.remove = true;
    return ParseTrue(value);
  }
  if (key == "update_only") {
    peer.update_only = true;
    return ParseTrue(value);
  }
  if (key == "preshared_key") {
    KeyText text;
    WARREN_RETURN_IF_ERROR(ParseKeyText(value, text));
    peer.psk.emplace(std::span<const uint8_t, kKeySize>(text.bytes));
    return absl::OkStatus();
  }
  if (key == "endpoint") return EndpointLine(value, peer);
  if (key == "persistent_keepalive_interval") {
    WARREN_ASSIGN_OR_RETURN(const uint32_t seconds, ParseNumber(value, 65535));
    peer.persistent_keepalive = absl::Seconds(seconds);
    return absl::OkStatus();
  }
  if (key == "replace_allowed_ips") {
    peer.replace_allowed_ips = true;
    peer.allowed_ips.clear();
    return ParseTrue(value);
  }
  if (key == "allowed_ip") return AllowedIpLine(value, peer);
  if (key == "protocol_version") {
    if (value == "1") return absl::OkStatus();
    return absl::UnimplementedError("only version 1 is known");
  }
  return absl::UnimplementedError("unknown key");
}

absl::Status SetLine(absl::string_view key, absl::string_view value,
                     SetRequest& request) {
  if (key == "public_key") {
    KeyText text;
    WARREN_RETURN_IF_ERROR(ParseKeyText(value, text));
    request.peers.emplace_back();
    request.peers.back().key = crypto::NodeKey::FromBytes(text.bytes);
    return absl::OkStatus();
  }
  return request.peers.empty() ? DeviceLine(key, value, request)
                               : PeerLine(key, value, request.peers.back());
}

bool MayBeSecret(absl::string_view key) {
  return key != "listen_port" && key != "fwmark" && key != "endpoint" &&
         key != "allowed_ip" && key != "persistent_keepalive_interval" &&
         key != "protocol_version";
}

// Of what a person typed, so much is worth repeating.
constexpr size_t kMaxShown = 60;

}  // namespace

absl::StatusOr<SetRequest> ParseSet(absl::string_view lines) {
  SetRequest request;
  size_t number = 1;  // "set=1" was the first.
  for (absl::string_view line : absl::StrSplit(lines, '\n')) {
    ++number;
    if (line.empty()) continue;
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": no '='"));
    }
    const absl::string_view key = line.substr(0, equals);
    const absl::string_view value = line.substr(equals + 1);
    const absl::Status status = SetLine(key, value, request);
    if (status.ok()) continue;
    return absl::Status(
        status.code(),
        absl::StrCat("line ", number, ": ", key.substr(0, kMaxShown),
                     MayBeSecret(key)
                         ? absl::string_view()
                         : absl::StrCat("=", value.substr(0, kMaxShown)),
                     ": ", status.message()));
  }
  return request;
}

}  // namespace warren::client
