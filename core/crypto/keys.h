#ifndef WARREN_CORE_CRYPTO_KEYS_H_
#define WARREN_CORE_CRYPTO_KEYS_H_

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/base/hex.h"
#include "core/base/rng.h"
#include "core/crypto/secret.h"

namespace warren::crypto {

inline constexpr size_t kKeySize = 32;  // Of every X25519 key, both halves.
// Of the text of a private key, whatever its role.
inline constexpr char kPrivatePrefix[] = "privkey:";
using KeyBytes = std::span<const uint8_t, kKeySize>;

// What a key is for. A key of one role cannot be passed for another.
//   NodeRole     names a peer in WireGuard, DERP and the netmap; rotates
//   DiscoRole    NAT traversal probes; new at each start, never stored
//   MachineRole  names a device to the control server (and the server itself)
struct NodeRole {
  static constexpr char kPrefix[] = "nodekey:";
};
struct DiscoRole {
  static constexpr char kPrefix[] = "discokey:";
};
struct MachineRole {
  static constexpr char kPrefix[] = "mkey:";
};

namespace internal {
absl::StatusOr<std::array<uint8_t, kKeySize>> ParseKey(absl::string_view prefix,
                                                       absl::string_view text);
std::array<uint8_t, kKeySize> PublicOf(KeyBytes private_key);
SymmetricKey GeneratePrivate(Rng& rng);
absl::StatusOr<SymmetricKey> ParsePrivate(absl::string_view text);
std::string NodeShortString(KeyBytes key);
std::string DiscoShortString(KeyBytes key);
}  // namespace internal

// An X25519 public key. A plain value; all zeros means "absent". Ordered by
// its bytes, lexicographically. Text: prefix + 64 hex digits.
template <class Role>
class PublicKey {
 public:
  static constexpr size_t kSize = kKeySize;

  // The absent key.
  constexpr PublicKey() = default;
  static constexpr PublicKey FromBytes(KeyBytes bytes) {
    PublicKey key;
    std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
    return key;
  }
  // The key that `text` spells: Role::kPrefix, then 64 hex digits of either
  // case, nothing else. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<PublicKey> Parse(absl::string_view text) {
    return FromParsed(internal::ParseKey(Role::kPrefix, text));
  }
  // The same without prefix (DERP's `Derp-Public-Key` header and such).
  static absl::StatusOr<PublicKey> ParseHex(absl::string_view text) {
    return FromParsed(internal::ParseKey("", text));
  }

  const std::array<uint8_t, kKeySize>& bytes() const { return bytes_; }
  bool IsZero() const { return *this == PublicKey(); }

  // Role::kPrefix + 64 lower-case hex digits: what Parse() takes.
  std::string ToString() const { return Role::kPrefix + ToHex(); }
  std::string ToHex() const { return ::warren::ToHex(bytes_); }
  // For people: `[j0DFr]` (node, machine) or `d:79a631eede1bf9c9` (disco), as
  // other tools of this kind print them. Empty for the absent key. Not unique.
  std::string ShortString() const {
    if (IsZero()) return "";
    if constexpr (std::is_same_v<Role, DiscoRole>) {
      return internal::DiscoShortString(bytes_);
    } else {
      return internal::NodeShortString(bytes_);
    }
  }

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const PublicKey& key) {
    return H::combine_contiguous(std::move(h), key.bytes_.data(), kKeySize);
  }
  friend std::ostream& operator<<(std::ostream& out, const PublicKey& key) {
    return out << key.ToString();
  }

 private:
  static absl::StatusOr<PublicKey> FromParsed(
      const absl::StatusOr<std::array<uint8_t, kKeySize>>& parsed) {
    if (!parsed.ok()) return parsed.status();
    return FromBytes(*parsed);
  }

  std::array<uint8_t, kKeySize> bytes_{};
};

// An X25519 private key and the public key it makes. Moves, and is wiped when
// moved from; a copy needs Clone().
template <class Role>
class PrivateKey {
 public:
  // A fresh key from 32 bytes of `rng`, clamped (RFC 7748 §5).
  static PrivateKey Generate(Rng& rng) {
    return PrivateKey(internal::GeneratePrivate(rng));
  }
  // Kept as given, not clamped: X25519 clamps by itself.
  static PrivateKey FromBytes(KeyBytes bytes) {
    return PrivateKey(SymmetricKey(bytes));
  }
  // From `privkey:` + 64 hex digits of either case. The text of a node's and
  // of a machine's key look the same: only the place tells them apart.
  // INVALID_ARGUMENT, without the text, otherwise.
  static absl::StatusOr<PrivateKey> Parse(absl::string_view text) {
    auto secret = internal::ParsePrivate(text);
    if (!secret.ok()) return secret.status();
    return PrivateKey(*std::move(secret));
  }

  PrivateKey Clone() const { return PrivateKey(secret_.Clone(), public_key_); }
  KeyBytes Expose() const { return secret_.Expose(); }
  // The text that Parse() takes. For the state file only. The caller wipes it.
  std::string ExposeText() const {
    return kPrivatePrefix + ::warren::ToHex(Expose());
  }

  // Computed once, when the key is made.
  const PublicKey<Role>& public_key() const { return public_key_; }

 private:
  explicit PrivateKey(SymmetricKey secret)
      : secret_(std::move(secret)),
        public_key_(
            PublicKey<Role>::FromBytes(internal::PublicOf(secret_.Expose()))) {}
  PrivateKey(SymmetricKey secret, const PublicKey<Role>& public_key)
      : secret_(std::move(secret)), public_key_(public_key) {}

  SymmetricKey secret_;
  PublicKey<Role> public_key_;
};

using NodeKey = PublicKey<NodeRole>;
using NodePrivateKey = PrivateKey<NodeRole>;
using DiscoKey = PublicKey<DiscoRole>;
using DiscoPrivateKey = PrivateKey<DiscoRole>;
using MachineKey = PublicKey<MachineRole>;
using MachinePrivateKey = PrivateKey<MachineRole>;

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_KEYS_H_
