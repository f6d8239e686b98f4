#include "core/wg/handshake.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

namespace warren::wg {
namespace {

using crypto::NodeKey;
using crypto::NodePrivateKey;

constexpr absl::string_view kConstruction =
    "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
constexpr absl::string_view kIdentifier = "WireGuard v1 zx2c4 Jason@zx2c4.com";
constexpr uint64_t kTai64Base = 0x400000000000000a;  // of the Unix epoch

noise::SymmetricState Begin(const NodeKey& responder) {
  noise::SymmetricState symmetric(kConstruction);
  symmetric.MixHash(AsBytes(kIdentifier));
  symmetric.MixHash(responder.bytes());
  return symmetric;
}

// The `e` token; in a handshake with a PSK the key is mixed into both.
void MixEphemeral(noise::SymmetricState& symmetric, const NodeKey& ephemeral) {
  symmetric.MixHash(ephemeral.bytes());
  symmetric.MixKey(ephemeral.bytes());
}

}  // namespace

Stamp StampOf(absl::Duration unix_time) {
  absl::Duration fraction;
  const int64_t seconds = absl::IDivDuration(
      std::max(unix_time, absl::ZeroDuration()), absl::Seconds(1), &fraction);
  const auto nanos = static_cast<uint32_t>(absl::ToInt64Nanoseconds(fraction));
  const uint64_t label = kTai64Base + static_cast<uint64_t>(seconds);
  Stamp stamp;
  StoreBe32(stamp.data(), static_cast<uint32_t>(label >> 32));
  StoreBe32(stamp.data() + 4, static_cast<uint32_t>(label));
  StoreBe32(stamp.data() + 8, nanos & 0xff000000u);
  return stamp;
}

std::optional<Started> Initiate(const NodeKey& own, const NodeKey& responder,
                                const crypto::SharedSecret& ss, uint32_t local,
                                const Stamp& stamp, Rng& rng) {
  auto ephemeral = NodePrivateKey::Generate(rng);
  auto symmetric = Begin(responder);
  Initiation message;
  message.sender = local;
  message.ephemeral = ephemeral.public_key();
  MixEphemeral(symmetric, message.ephemeral);
  if (!symmetric.MixDh(ephemeral, responder)) return std::nullopt;  // es
  symmetric.EncryptAndHash(own.bytes(), message.sealed_static);
  symmetric.MixKey(ss.Expose());
  symmetric.EncryptAndHash(stamp, message.sealed_stamp);
  return Started{message, {std::move(ephemeral), std::move(symmetric)}};
}

std::optional<Claim> ReadClaim(const NodePrivateKey& own,
                               const Initiation& message) {
  auto symmetric = Begin(own.public_key());
  MixEphemeral(symmetric, message.ephemeral);
  if (!symmetric.MixDh(own, message.ephemeral)) return std::nullopt;  // es
  std::array<uint8_t, crypto::kKeySize> static_key;
  if (!symmetric.DecryptAndHash(message.sealed_static, static_key)) {
    return std::nullopt;
  }
  return Claim{message.sender, message.ephemeral,
               NodeKey::FromBytes(static_key), std::move(symmetric)};
}

std::optional<Stamp> ReadStamp(const crypto::SharedSecret& ss,
                               const Initiation& message, Claim& claim) {
  claim.symmetric.MixKey(ss.Expose());
  Stamp stamp;
  if (!claim.symmetric.DecryptAndHash(message.sealed_stamp, stamp)) {
    return std::nullopt;
  }
  return stamp;
}

std::optional<Responded> Respond(Claim claim, const crypto::PresharedKey& psk,
                                 uint32_t local, Rng& rng) {
  noise::SymmetricState& symmetric = claim.symmetric;
  const auto ephemeral = NodePrivateKey::Generate(rng);
  Response message;
  message.sender = local;
  message.receiver = claim.sender;
  message.ephemeral = ephemeral.public_key();
  MixEphemeral(symmetric, message.ephemeral);
  if (!symmetric.MixDh(ephemeral, claim.ephemeral)) return std::nullopt;   // ee
  if (!symmetric.MixDh(ephemeral, claim.static_key)) return std::nullopt;  // se
  symmetric.MixKeyAndHash(psk);
  symmetric.EncryptAndHash({}, message.sealed_empty);
  return Responded{message, symmetric.Split()};
}

std::optional<noise::SplitKeys> Finish(const InitiatorState& state,
                                       const NodePrivateKey& own,
                                       const crypto::PresharedKey& psk,
                                       const Response& message) {
  auto symmetric = state.symmetric.Clone();
  MixEphemeral(symmetric, message.ephemeral);
  if (!symmetric.MixDh(state.ephemeral, message.ephemeral)) {  // ee
    return std::nullopt;
  }
  if (!symmetric.MixDh(own, message.ephemeral)) return std::nullopt;  // se
  symmetric.MixKeyAndHash(psk);
  if (!symmetric.DecryptAndHash(message.sealed_empty, {})) return std::nullopt;
  return symmetric.Split();
}

}  // namespace warren::wg
