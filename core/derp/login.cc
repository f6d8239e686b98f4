#include "core/derp/login.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "core/base/status_macros.h"
#include "core/crypto/box.h"
#include "core/derp/frame.h"
#include "nlohmann/json.hpp"

namespace warren::derp {
namespace {

using crypto::BoxSharedKey;
// Keeps the order of keys, so that what we emit looks as stock software's.
using Json = nlohmann::ordered_json;

constexpr std::array<uint8_t, 8> kMagic = {0x44, 0x45, 0x52, 0x50,
                                           0xf0, 0x9f, 0x94, 0x91};
constexpr char kMetaPrefix[] = "derpkey";
// Of the application's name, which we keep per connection.
constexpr size_t kMaxAppName = 64;

absl::Status BadLogin(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("DERP login: ", what));
}

// The object in `text`, without exceptions. Deep nesting is harmless: neither
// the parser nor the destructor of Json recurses. As Go's encoding/json reads
// it: null is an object without fields, and bytes that are no UTF-8 spoil the
// text they are in, not the rest.
absl::StatusOr<Json> ParseObject(Bytes text) {
  constexpr bool kNoExceptions = false;
  Json json = Json::parse(text.begin(), text.end(), nullptr, kNoExceptions);
  if (json.is_discarded()) {
    std::string ascii(AsText(text));
    for (char& c : ascii) {
      if ((c & 0x80) != 0) c = '?';
    }
    json = Json::parse(ascii, nullptr, kNoExceptions);
  }
  if (json.is_null()) return Json::object();
  if (!json.is_object()) return BadLogin("the box holds no JSON object");
  return json;
}

// The value of `key`, compared without case and the last one of several, as Go
// does; nullptr when absent.
const Json* Find(const Json& object, absl::string_view key) {
  const Json* found = nullptr;
  for (auto it = object.begin(); it != object.end(); ++it) {
    if (absl::EqualsIgnoreCase(it.key(), key)) found = &it.value();
  }
  return found;
}

// false when absent or null. A field of another type is an error, as it is for
// stock software, here and below.
absl::Status ReadFlag(const Json& object, absl::string_view key, bool& out) {
  const Json* value = Find(object, key);
  out = false;
  if (value == nullptr || value->is_null()) return absl::OkStatus();
  if (!value->is_boolean()) return BadLogin(absl::StrCat(key, ": no bool"));
  out = value->get<bool>();
  return absl::OkStatus();
}

// 0 when absent, null or negative.
absl::Status ReadCount(const Json& object, absl::string_view key,
                       uint64_t& out) {
  const Json* value = Find(object, key);
  out = 0;
  if (value == nullptr || value->is_null()) return absl::OkStatus();
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  const bool negative =
      value->is_number_integer() && !value->is_number_unsigned();
  if (!value->is_number_integer() ||
      (!negative && value->get<uint64_t>() > kMax)) {
    return BadLogin(absl::StrCat(key, ": no integer"));
  }
  out = negative ? 0 : value->get<uint64_t>();
  return absl::OkStatus();
}

absl::Status ReadVersion(const Json& object, int& out) {
  uint64_t version = 0;
  WARREN_RETURN_IF_ERROR(ReadCount(object, "version", version));
  out = static_cast<int>(std::min<uint64_t>(version, 1000));
  return absl::OkStatus();
}

absl::Status ReadAppName(const Json& object, std::string& out) {
  const Json* value = Find(object, "AppName");
  if (value == nullptr || value->is_null()) return absl::OkStatus();
  if (!value->is_string()) return BadLogin("AppName: no text");
  out = value->get<std::string>().substr(0, kMaxAppName);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<MeshKey>> MeshKeyIn(const Json& object) {
  const Json* value = Find(object, "meshKey");
  if (value == nullptr) return std::optional<MeshKey>();
  if (value->is_string()) {
    const auto bytes = ParseHex(value->get_ref<const std::string&>());
    if (bytes.ok() && bytes->size() == MeshKey::kSize) {
      return std::optional<MeshKey>(
          MeshKey(Bytes(*bytes).first<MeshKey::kSize>()));
    }
  }
  // Also for "" and null: stock relays refuse it, so nobody sends it (§12 trap
  // 2).
  return BadLogin("meshKey is not 64 hex digits");
}

std::string ToJson(const ClientInfo& info) {
  Json json;
  if (info.mesh_key) json["meshKey"] = ToHex(info.mesh_key->Expose());
  json["version"] = info.version;
  json["CanAckPings"] = info.can_ack_pings;
  if (info.is_prober) json["IsProber"] = true;
  if (!info.app_name.empty()) json["AppName"] = info.app_name;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ToJson(const ServerInfo& info) {
  Json json;
  json["version"] = info.version;
  if (info.bytes_per_second != 0) {
    json["TokenBucketBytesPerSecond"] = info.bytes_per_second;
    json["TokenBucketBytesBurst"] = info.burst_bytes;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::vector<uint8_t> BuildServerKey(const crypto::NodeKey& server) {
  ByteWriter payload;
  payload.Append(kMagic).Append(server.bytes());
  return BuildFrame(FrameType::kServerKey, payload.bytes());
}

std::optional<std::vector<uint8_t>> BuildClientInfo(
    const crypto::NodePrivateKey& client, const crypto::NodeKey& server,
    const ClientInfo& info, Rng& rng) {
  const auto shared = BoxSharedKey::Create(client, server);
  if (!shared) return std::nullopt;
  ByteWriter payload;
  payload.Append(client.public_key().bytes());
  payload.Append(shared->Seal(rng, AsBytes(ToJson(info))));
  return BuildFrame(FrameType::kClientInfo, payload.bytes());
}

std::optional<std::vector<uint8_t>> BuildServerInfo(
    const crypto::NodePrivateKey& server, const crypto::NodeKey& client,
    const ServerInfo& info, Rng& rng) {
  const auto shared = BoxSharedKey::Create(server, client);
  if (!shared) return std::nullopt;
  return BuildFrame(FrameType::kServerInfo,
                    shared->Seal(rng, AsBytes(ToJson(info))));
}

absl::StatusOr<crypto::NodeKey> ParseServerKey(Bytes payload) {
  ByteReader r(payload);
  const auto magic = r.Array<kMagic.size()>();
  const auto key = r.Array<kKeySize>();
  if (!key) {
    return BadLogin(absl::StrCat("server key frame of ", payload.size(),
                                 " bytes, at least 40"));
  }
  if (*magic != kMagic) return BadLogin("the server's magic is wrong");
  return crypto::NodeKey::FromBytes(*key);
}

absl::StatusOr<Login> OpenClientInfo(Bytes payload,
                                     const crypto::NodePrivateKey& server) {
  const auto parts = SplitKey(payload);
  if (!parts) return BadLogin("client info is shorter than a key");
  const auto shared = BoxSharedKey::Create(server, parts->key);
  const auto text = shared ? shared->Open(parts->rest) : std::nullopt;
  if (!text) return BadLogin("the client did not prove that it owns its key");
  WARREN_ASSIGN_OR_RETURN(const Json json, ParseObject(*text));
  Login login{parts->key, {}};
  ClientInfo& info = login.info;
  WARREN_ASSIGN_OR_RETURN(info.mesh_key, MeshKeyIn(json));
  WARREN_RETURN_IF_ERROR(ReadVersion(json, info.version));
  WARREN_RETURN_IF_ERROR(ReadFlag(json, "CanAckPings", info.can_ack_pings));
  WARREN_RETURN_IF_ERROR(ReadFlag(json, "IsProber", info.is_prober));
  WARREN_RETURN_IF_ERROR(ReadAppName(json, info.app_name));
  return login;
}

absl::StatusOr<ServerInfo> OpenServerInfo(Bytes payload,
                                          const crypto::NodePrivateKey& client,
                                          const crypto::NodeKey& server) {
  const auto shared = BoxSharedKey::Create(client, server);
  const auto text = shared ? shared->Open(payload) : std::nullopt;
  if (!text) return BadLogin("the server did not prove that it owns its key");
  WARREN_ASSIGN_OR_RETURN(const Json json, ParseObject(*text));
  ServerInfo info;
  WARREN_RETURN_IF_ERROR(ReadVersion(json, info.version));
  WARREN_RETURN_IF_ERROR(
      ReadCount(json, "TokenBucketBytesPerSecond", info.bytes_per_second));
  WARREN_RETURN_IF_ERROR(
      ReadCount(json, "TokenBucketBytesBurst", info.burst_bytes));
  return info;
}

std::string MetaCertificateName(const crypto::NodeKey& server) {
  return absl::StrCat(kMetaPrefix, server.ToHex());
}

std::optional<crypto::NodeKey> KeyOfMetaCertificate(
    absl::string_view common_name, uint32_t serial) {
  // The serial is the protocol version: 0 switches fast start off.
  if (serial == 0 || serial > 255) return std::nullopt;
  if (!absl::StartsWith(common_name, kMetaPrefix)) return std::nullopt;
  common_name.remove_prefix(sizeof(kMetaPrefix) - 1);
  const auto key = crypto::NodeKey::ParseHex(common_name);
  if (!key.ok()) return std::nullopt;
  return *key;
}

}  // namespace warren::derp
