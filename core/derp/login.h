#ifndef WARREN_CORE_DERP_LOGIN_H_
#define WARREN_CORE_DERP_LOGIN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"

// The DERP login: the server names its key, the client proves that it owns its
// own by sealing a small JSON document, and the server answers with another
// (specs/dataplane.md §2.3, §2.4). The box proves possession of the client's
// key; against replay there is only TLS.
namespace warren::derp {

inline constexpr int kProtocolVersion = 2;
// Longest ClientInfo payload a server reads: it holds 50 bytes of JSON in
// practice, and this many must be kept for a client that is not known yet.
inline constexpr uint32_t kMaxClientInfoSize = 16384;

// The secret that relays of one region share.
using MeshKey = crypto::Secret<struct MeshKeyTag, 32>;

struct ClientInfo {
  int version = kProtocolVersion;
  bool can_ack_pings = true;
  bool is_prober = false;
  std::string app_name{};                          // opaque, for statistics
  std::optional<MeshKey> mesh_key = std::nullopt;  // only relays have one
};

struct ServerInfo {
  int version = kProtocolVersion;
  // What the client must not exceed on kSendPacket; 0: no limit. Each packet
  // costs kPacketHeaderSize and its own size, and is dropped when short.
  uint64_t bytes_per_second = 0;
  uint64_t burst_bytes = 0;
};

// Whole frames, header included.
std::vector<uint8_t> BuildServerKey(const crypto::NodeKey& server);
// nullopt: `server` is no usable key.
std::optional<std::vector<uint8_t>> BuildClientInfo(
    const crypto::NodePrivateKey& client, const crypto::NodeKey& server,
    const ClientInfo& info, Rng& rng);
std::optional<std::vector<uint8_t>> BuildServerInfo(
    const crypto::NodePrivateKey& server, const crypto::NodeKey& client,
    const ServerInfo& info, Rng& rng);

// Payloads. INVALID_ARGUMENT: too short, not sealed for us by that key, or the
// JSON inside is not what it must be. Close the connection.
absl::StatusOr<crypto::NodeKey> ParseServerKey(Bytes payload);

struct Login {
  crypto::NodeKey client;  // proven
  ClientInfo info;
};
absl::StatusOr<Login> OpenClientInfo(Bytes payload,
                                     const crypto::NodePrivateKey& server);
absl::StatusOr<ServerInfo> OpenServerInfo(Bytes payload,
                                          const crypto::NodePrivateKey& client,
                                          const crypto::NodeKey& server);

// Fast start (§2.5): the relay's key, from a certificate of its chain with
// this common name ("derpkey" + 64 hex) and serial. nullopt for every other
// certificate. Carries no trust: the login box does.
std::string MetaCertificateName(const crypto::NodeKey& server);
std::optional<crypto::NodeKey> KeyOfMetaCertificate(
    absl::string_view common_name, uint32_t serial);

}  // namespace warren::derp

#endif  // WARREN_CORE_DERP_LOGIN_H_
