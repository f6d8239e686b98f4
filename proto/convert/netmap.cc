#include "proto/convert/netmap.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::convert {
namespace {

absl::Status Refuse(absl::string_view field, const absl::Status& why) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", why.message()));
}

absl::Status TooMany(absl::string_view field, int count, int limit) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", count, " entries, at most ", limit));
}

// Each text of `field` parsed by T::Parse, in order.
template <class T, class Texts>
absl::Status ParseAll(const Texts& texts, absl::string_view field,
                      std::vector<T>& out) {
  if (texts.size() > kMaxPerNode) {
    return TooMany(field, texts.size(), kMaxPerNode);
  }
  out.reserve(static_cast<size_t>(texts.size()));
  for (const std::string& text : texts) {
    auto parsed = T::Parse(text);
    if (!parsed.ok()) return Refuse(field, parsed.status());
    out.push_back(*std::move(parsed));
  }
  return absl::OkStatus();
}

// A 16-bit field that the message carries in 32 bits.
absl::StatusOr<uint16_t> Narrow(uint32_t value, absl::string_view field) {
  if (value > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": ", value, " is more than 65535"));
  }
  return static_cast<uint16_t>(value);
}

template <class Messages, class Struct>
void AddAll(const std::vector<Struct>& from, Messages* to) {
  for (const Struct& item : from) *to->Add() = ToProto(item);
}

template <class Struct, class Messages>
absl::Status TakeAll(const Messages& from, absl::string_view field, int limit,
                     std::vector<Struct>& out) {
  if (from.size() > limit) return TooMany(field, from.size(), limit);
  out.reserve(static_cast<size_t>(from.size()));
  for (const auto& message : from) {
    WARREN_ASSIGN_OR_RETURN(Struct item, FromProto(message));
    out.push_back(std::move(item));
  }
  return absl::OkStatus();
}

v1::CapMap CapMapToProto(const netmap::CapMap& from) {
  v1::CapMap out;
  for (const auto& [name, values] : from) {
    v1::CapValues& added = (*out.mutable_capabilities())[name];
    for (const std::string& value : values) added.add_values(value);
  }
  return out;
}

absl::StatusOr<netmap::CapMap> CapMapFromProto(const v1::CapMap& message) {
  const auto& from = message.capabilities();
  if (from.size() > kMaxCapabilities) {
    return TooMany("capabilities", static_cast<int>(from.size()),
                   kMaxCapabilities);
  }
  netmap::CapMap out;
  for (const auto& [name, values] : from) {
    out[name].assign(values.values().begin(), values.values().end());
  }
  return out;
}

derp::RelayNode NodeFromProto(const v1::RelayNode& message) {
  derp::RelayNode node;
  node.name = message.name();
  node.hostname = message.hostname();
  node.ipv4 = message.ipv4();
  node.ipv6 = message.ipv6();
  node.derp_port = static_cast<int>(message.derp_port());
  node.stun_port = message.stun_port();
  node.plain_http = message.plain_http();
  node.cert_name = message.cert_name();
  node.stun_only = message.stun_only();
  node.insecure_for_tests = message.insecure_for_tests();
  return node;
}

}  // namespace

absl::Status internal::BadKey(absl::string_view field, size_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": a key of ", size, " bytes, it must be 32"));
}

v1::Node ToProto(const netmap::Node& node) {
  v1::Node out;
  out.set_id(node.id.value());
  out.set_name(node.name);
  out.set_node_key(KeyToProto(node.node_key));
  out.set_disco_key(KeyToProto(node.disco_key));
  for (const auto& address : node.addresses) {
    out.add_addresses(address.ToString());
  }
  for (const auto& prefix : node.allowed_ips) {
    out.add_allowed_ips(prefix.ToString());
  }
  for (const auto& endpoint : node.endpoints) {
    out.add_endpoints(endpoint.ToString());
  }
  out.set_home_relay(node.home_relay.value());
  out.set_online(node.online);
  out.set_user_id(node.user.value());
  out.set_user_login(node.user_login);
  for (const std::string& tag : node.tags) out.add_tags(tag);
  out.set_os(node.os);
  out.set_key_expiry_ms(absl::ToInt64Milliseconds(node.key_expiry));
  out.set_last_seen_ms(absl::ToInt64Milliseconds(node.last_seen));
  out.set_ephemeral(node.ephemeral);
  for (const auto& prefix : node.primary_routes) {
    out.add_primary_routes(prefix.ToString());
  }
  out.set_domain(node.domain);
  return out;
}

absl::StatusOr<netmap::Node> FromProto(const v1::Node& message) {
  netmap::Node out;
  out.id = NodeId(message.id());
  out.name = message.name();
  WARREN_ASSIGN_OR_RETURN(out.node_key, KeyFromProto<crypto::NodeKey>(
                                            message.node_key(), "node_key"));
  WARREN_ASSIGN_OR_RETURN(out.disco_key, KeyFromProto<crypto::DiscoKey>(
                                             message.disco_key(), "disco_key"));
  WARREN_RETURN_IF_ERROR(
      ParseAll(message.addresses(), "addresses", out.addresses));
  WARREN_RETURN_IF_ERROR(
      ParseAll(message.allowed_ips(), "allowed_ips", out.allowed_ips));
  WARREN_RETURN_IF_ERROR(
      ParseAll(message.endpoints(), "endpoints", out.endpoints));
  WARREN_ASSIGN_OR_RETURN(const uint16_t home,
                          Narrow(message.home_relay(), "home_relay"));
  out.home_relay = RelayId(home);
  out.online = message.online();
  out.user = UserId(message.user_id());
  out.user_login = message.user_login();
  out.tags.assign(message.tags().begin(), message.tags().end());
  out.os = message.os();
  out.key_expiry = absl::Milliseconds(message.key_expiry_ms());
  out.last_seen = absl::Milliseconds(message.last_seen_ms());
  out.ephemeral = message.ephemeral();
  WARREN_RETURN_IF_ERROR(
      ParseAll(message.primary_routes(), "primary_routes", out.primary_routes));
  out.domain = message.domain();
  return out;
}

v1::FilterRule ToProto(const filter::Rule& rule) {
  v1::FilterRule out;
  for (const uint8_t protocol : rule.protocols) out.add_protocols(protocol);
  for (const auto& source : rule.sources) out.add_sources(source.ToString());
  for (const filter::Destination& destination : rule.destinations) {
    v1::PortRange& added = *out.add_destinations();
    added.set_prefix(destination.prefix.ToString());
    added.set_first_port(destination.first_port);
    added.set_last_port(destination.last_port);
  }
  return out;
}

absl::StatusOr<filter::Rule> FromProto(const v1::FilterRule& message) {
  filter::Rule out;
  for (const uint32_t protocol : message.protocols()) {
    if (protocol > 255) {
      return absl::InvalidArgumentError(
          absl::StrCat("protocols: ", protocol, " is more than 255"));
    }
    out.protocols.push_back(static_cast<uint8_t>(protocol));
  }
  for (const std::string& text : message.sources()) {
    auto prefix = net::IpPrefix::Parse(text);
    if (!prefix.ok()) return Refuse("sources", prefix.status());
    out.sources.push_back(*prefix);
  }
  for (const v1::PortRange& range : message.destinations()) {
    auto prefix = net::IpPrefix::Parse(range.prefix());
    if (!prefix.ok()) return Refuse("destinations", prefix.status());
    WARREN_ASSIGN_OR_RETURN(const uint16_t first,
                            Narrow(range.first_port(), "first_port"));
    WARREN_ASSIGN_OR_RETURN(const uint16_t last,
                            Narrow(range.last_port(), "last_port"));
    out.destinations.push_back({*prefix, first, last});
  }
  return out;
}

v1::CapGrant ToProto(const netmap::CapGrant& grant) {
  v1::CapGrant out;
  for (const auto& source : grant.sources) out.add_sources(source.ToString());
  for (const auto& to : grant.destinations) {
    out.add_destinations(to.ToString());
  }
  *out.mutable_cap_map() = CapMapToProto(grant.capabilities);
  return out;
}

absl::StatusOr<netmap::CapGrant> FromProto(const v1::CapGrant& message) {
  netmap::CapGrant out;
  for (const std::string& text : message.sources()) {
    auto prefix = net::IpPrefix::Parse(text);
    if (!prefix.ok()) return Refuse("cap_grants: sources", prefix.status());
    out.sources.push_back(*prefix);
  }
  for (const std::string& text : message.destinations()) {
    auto prefix = net::IpPrefix::Parse(text);
    if (!prefix.ok()) {
      return Refuse("cap_grants: destinations", prefix.status());
    }
    out.destinations.push_back(*prefix);
  }
  WARREN_ASSIGN_OR_RETURN(out.capabilities, CapMapFromProto(message.cap_map()));
  return out;
}

v1::SshRule ToProto(const netmap::SshRule& rule) {
  v1::SshRule out;
  for (const auto& from : rule.principals) out.add_principals(from.ToString());
  out.mutable_users()->insert(rule.users.begin(), rule.users.end());
  out.set_accept(rule.accept);
  out.set_check_period(rule.check_period);
  for (const auto& name : rule.accept_env) out.add_accept_env(name);
  for (const auto& recorder : rule.recorders) out.add_recorders(recorder);
  out.set_enforce_recorder(rule.enforce_recorder);
  return out;
}

absl::StatusOr<netmap::SshRule> FromProto(const v1::SshRule& message) {
  netmap::SshRule out;
  for (const std::string& text : message.principals()) {
    auto address = net::IpAddress::Parse(text);
    if (!address.ok()) return Refuse("ssh: principals", address.status());
    out.principals.push_back(*address);
  }
  out.users.insert(message.users().begin(), message.users().end());
  out.accept = message.accept();
  out.check_period = message.check_period();
  out.accept_env.assign(message.accept_env().begin(),
                        message.accept_env().end());
  out.recorders.assign(message.recorders().begin(), message.recorders().end());
  out.enforce_recorder = message.enforce_recorder();
  return out;
}

v1::RelayRegion ToProto(const derp::RelayRegion& region) {
  v1::RelayRegion out;
  out.set_id(region.id.value());
  out.set_code(region.code);
  out.set_name(region.name);
  out.set_no_measure_no_home(region.no_measure_no_home);
  for (const derp::RelayNode& node : region.nodes) {
    v1::RelayNode& added = *out.add_nodes();
    added.set_name(node.name);
    added.set_hostname(node.hostname);
    added.set_ipv4(node.ipv4);
    added.set_ipv6(node.ipv6);
    added.set_derp_port(static_cast<uint32_t>(node.derp_port));
    added.set_stun_port(node.stun_port);
    added.set_plain_http(node.plain_http);
    added.set_cert_name(node.cert_name);
    added.set_stun_only(node.stun_only);
    added.set_insecure_for_tests(node.insecure_for_tests);
  }
  return out;
}

derp::RelayRegion FromProto(const v1::RelayRegion& message) {
  derp::RelayRegion out;
  // An id that does not fit becomes 0, which derp::Validate refuses.
  out.id = RelayId(message.id() > 65535 ? uint16_t{0}
                                        : static_cast<uint16_t>(message.id()));
  out.code = message.code();
  out.name = message.name();
  out.no_measure_no_home = message.no_measure_no_home();
  for (const v1::RelayNode& node : message.nodes()) {
    out.nodes.push_back(NodeFromProto(node));
  }
  return out;
}

v1::RelayMap ToProto(const derp::RelayMap& map) {
  v1::RelayMap out;
  AddAll(map.regions, out.mutable_regions());
  return out;
}

absl::StatusOr<derp::RelayMap> FromProto(const v1::RelayMap& message) {
  derp::RelayMap out;
  for (const v1::RelayRegion& region : message.regions()) {
    out.regions.push_back(FromProto(region));
  }
  WARREN_RETURN_IF_ERROR(derp::Validate(out));
  return out;
}

v1::Netmap ToProto(const netmap::Netmap& netmap) {
  v1::Netmap out;
  out.set_version(netmap.version);
  out.set_tailnet(netmap.tailnet);
  *out.mutable_self() = ToProto(netmap.self);
  for (const auto& [id, peer] : netmap.peers) *out.add_peers() = ToProto(peer);
  AddAll(netmap.filter, out.mutable_filter());
  *out.mutable_relay_map() = ToProto(netmap.relay_map);
  out.set_domain(netmap.domain);
  *out.mutable_cap_map() = CapMapToProto(netmap.cap_map);
  AddAll(netmap.cap_grants, out.mutable_cap_grants()->mutable_grants());
  AddAll(netmap.ssh, out.mutable_ssh()->mutable_rules());
  out.set_policy_version(netmap.policy_version);
  out.set_waits_for_approval(netmap.waits_for_approval);
  return out;
}

absl::StatusOr<netmap::Netmap> FromProto(const v1::Netmap& message) {
  netmap::Netmap out;
  out.version = message.version();
  out.tailnet = message.tailnet();
  WARREN_ASSIGN_OR_RETURN(out.self, FromProto(message.self()));
  std::vector<netmap::Node> peers;
  WARREN_RETURN_IF_ERROR(TakeAll(message.peers(), "peers", kMaxPeers, peers));
  for (netmap::Node& peer : peers) {
    const NodeId id = peer.id;
    if (!out.peers.emplace(id, std::move(peer)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("peers: node ", id.value(), " is there twice"));
    }
  }
  WARREN_RETURN_IF_ERROR(
      TakeAll(message.filter(), "filter", kMaxRules, out.filter));
  WARREN_ASSIGN_OR_RETURN(out.relay_map, FromProto(message.relay_map()));
  out.domain = message.domain();
  WARREN_ASSIGN_OR_RETURN(out.cap_map, CapMapFromProto(message.cap_map()));
  WARREN_RETURN_IF_ERROR(TakeAll(message.cap_grants().grants(), "cap_grants",
                                 kMaxRules, out.cap_grants));
  WARREN_RETURN_IF_ERROR(
      TakeAll(message.ssh().rules(), "ssh", kMaxRules, out.ssh));
  out.policy_version = message.policy_version();
  out.waits_for_approval = message.waits_for_approval();
  return out;
}

v1::NetmapDiff ToProto(const netmap::NetmapDiff& diff) {
  v1::NetmapDiff out;
  out.set_from_version(diff.from_version);
  out.set_to_version(diff.to_version);
  if (diff.tailnet) out.set_tailnet(*diff.tailnet);
  if (diff.self) *out.mutable_self() = ToProto(*diff.self);
  for (const NodeId id : diff.removed_peers) out.add_removed_peers(id.value());
  AddAll(diff.upserted_peers, out.mutable_upserted_peers());
  if (diff.filter) AddAll(*diff.filter, out.mutable_filter()->mutable_rules());
  if (diff.relay_map) *out.mutable_relay_map() = ToProto(*diff.relay_map);
  if (diff.domain) out.set_domain(*diff.domain);
  if (diff.cap_map) *out.mutable_cap_map() = CapMapToProto(*diff.cap_map);
  if (diff.cap_grants) {
    AddAll(*diff.cap_grants, out.mutable_cap_grants()->mutable_grants());
  }
  if (diff.ssh) AddAll(*diff.ssh, out.mutable_ssh()->mutable_rules());
  if (diff.policy_version) out.set_policy_version(*diff.policy_version);
  if (diff.waits_for_approval) {
    out.set_waits_for_approval(*diff.waits_for_approval);
  }
  return out;
}

namespace {

// What a policy decides beside peers and filter.
absl::Status PolicyPartsFromProto(const v1::NetmapDiff& message,
                                  netmap::NetmapDiff& out) {
  if (message.has_domain()) out.domain = message.domain();
  if (message.has_cap_map()) {
    WARREN_ASSIGN_OR_RETURN(out.cap_map, CapMapFromProto(message.cap_map()));
  }
  if (message.has_cap_grants()) {
    out.cap_grants.emplace();
    WARREN_RETURN_IF_ERROR(TakeAll(message.cap_grants().grants(), "cap_grants",
                                   kMaxRules, *out.cap_grants));
  }
  if (message.has_ssh()) {
    out.ssh.emplace();
    WARREN_RETURN_IF_ERROR(
        TakeAll(message.ssh().rules(), "ssh", kMaxRules, *out.ssh));
  }
  if (message.has_policy_version()) {
    out.policy_version = message.policy_version();
  }
  if (message.has_waits_for_approval()) {
    out.waits_for_approval = message.waits_for_approval();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<netmap::NetmapDiff> FromProto(const v1::NetmapDiff& message) {
  netmap::NetmapDiff out;
  out.from_version = message.from_version();
  out.to_version = message.to_version();
  if (!message.tailnet().empty()) out.tailnet = message.tailnet();
  if (message.has_self()) {
    WARREN_ASSIGN_OR_RETURN(out.self, FromProto(message.self()));
  }
  for (const int64_t id : message.removed_peers()) {
    out.removed_peers.emplace_back(id);
  }
  WARREN_RETURN_IF_ERROR(TakeAll(message.upserted_peers(), "upserted_peers",
                                 kMaxPeers, out.upserted_peers));
  if (message.has_filter()) {
    out.filter.emplace();
    WARREN_RETURN_IF_ERROR(
        TakeAll(message.filter().rules(), "filter", kMaxRules, *out.filter));
  }
  if (message.has_relay_map()) {
    WARREN_ASSIGN_OR_RETURN(out.relay_map, FromProto(message.relay_map()));
  }
  WARREN_RETURN_IF_ERROR(PolicyPartsFromProto(message, out));
  return out;
}

}  // namespace warren::convert
