#ifndef WARREN_PROTO_CONVERT_NETMAP_H_
#define WARREN_PROTO_CONVERT_NETMAP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/crypto/keys.h"
#include "core/derp/relay_map.h"
#include "core/filter/rule.h"
#include "core/netmap/netmap.h"
#include "warren/v1/netmap.pb.h"

// Where the core's structs and the messages meet. ToProto cannot fail. The
// other way INVALID_ARGUMENT names the field and what is wrong with it: a key
// that is not 32 bytes, an address that is none, a list beyond its limit.
namespace warren::convert {

// Limits on what one message may hold.
inline constexpr int kMaxPeers = 100000;
inline constexpr int kMaxPerNode = 1024;  // endpoints, allowed-ips, tags
inline constexpr int kMaxRules = 100000;
inline constexpr int kMaxCapabilities = 10000;

// A key in a message: 32 bytes, or nothing for the absent key.
template <class Key>
absl::StatusOr<Key> KeyFromProto(const std::string& bytes,
                                 absl::string_view field);
template <class Key>
std::string KeyToProto(const Key& key);

v1::Node ToProto(const netmap::Node& node);
absl::StatusOr<netmap::Node> FromProto(const v1::Node& message);

v1::FilterRule ToProto(const filter::Rule& rule);
absl::StatusOr<filter::Rule> FromProto(const v1::FilterRule& message);

v1::CapGrant ToProto(const netmap::CapGrant& grant);
absl::StatusOr<netmap::CapGrant> FromProto(const v1::CapGrant& message);

v1::SshRule ToProto(const netmap::SshRule& rule);
absl::StatusOr<netmap::SshRule> FromProto(const v1::SshRule& message);

v1::RelayRegion ToProto(const derp::RelayRegion& region);
v1::RelayMap ToProto(const derp::RelayMap& map);
// Not validated: derp::Validate says whether the relays make sense.
derp::RelayRegion FromProto(const v1::RelayRegion& message);
// INVALID_ARGUMENT also where derp::Validate refuses.
absl::StatusOr<derp::RelayMap> FromProto(const v1::RelayMap& message);

v1::Netmap ToProto(const netmap::Netmap& netmap);
absl::StatusOr<netmap::Netmap> FromProto(const v1::Netmap& message);

v1::NetmapDiff ToProto(const netmap::NetmapDiff& diff);
absl::StatusOr<netmap::NetmapDiff> FromProto(const v1::NetmapDiff& message);

// ---- Implementation of the templates. ----

namespace internal {
absl::Status BadKey(absl::string_view field, size_t size);
}  // namespace internal

template <class Key>
absl::StatusOr<Key> KeyFromProto(const std::string& bytes,
                                 absl::string_view field) {
  if (bytes.empty()) return Key();
  if (bytes.size() != Key::kSize) return internal::BadKey(field, bytes.size());
  return Key::FromBytes(AsBytes(bytes).first<Key::kSize>());
}

template <class Key>
std::string KeyToProto(const Key& key) {
  if (key.IsZero()) return "";
  return std::string(AsText(key.bytes()));
}

}  // namespace warren::convert

#endif  // WARREN_PROTO_CONVERT_NETMAP_H_
