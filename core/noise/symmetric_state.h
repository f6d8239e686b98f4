#ifndef WARREN_CORE_NOISE_SYMMETRIC_STATE_H_
#define WARREN_CORE_NOISE_SYMMETRIC_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/crypto/x25519.h"

namespace warren::noise {

// What a handshake's EncryptAndHash() adds to its plaintext.
inline constexpr size_t kTagSize = crypto::kAeadTagSize;

// The keys of the two directions after a handshake.
struct SplitKeys {
  crypto::SymmetricKey from_initiator;
  crypto::SymmetricKey from_responder;
};

// The state that both sides of a handshake keep equal (Noise §5.2, with the
// CipherState of §5.1 inside), for X25519, ChaCha20-Poly1305 and BLAKE2s. A
// pattern is a sequence of calls on it (control_handshake.cc, core/wg).
//
// A handshake that must survive a bad message works on a Clone() and keeps
// the original until the message has proven good.
class SymmetricState {
 public:
  // `protocol_name`: such as "Noise_IK_25519_ChaChaPoly_BLAKE2s".
  explicit SymmetricState(absl::string_view protocol_name);

  SymmetricState Clone() const;

  // h = HASH(h || data). The prologue, public keys.
  void MixHash(Bytes data);

  // (ck, k) = HKDF2(ck, input); the cipher starts again at nonce 0. `input`:
  // an ephemeral public key in PSK handshakes, or a secret of X25519 that the
  // caller keeps (WireGuard's static-static one).
  void MixKey(Bytes input);

  // MixKey of the secret between `mine` and `theirs`. False, with the state
  // as it was, if `theirs` is of low order: drop the handshake. An ephemeral
  // key has the role of its owner's static key.
  template <class Role>
  [[nodiscard]] bool MixDh(const crypto::PrivateKey<Role>& mine,
                           const crypto::PublicKey<Role>& theirs) {
    const auto secret = crypto::X25519(mine, theirs);
    if (secret) MixKey(secret->Expose());
    return secret.has_value();
  }

  // (ck, t, k) = HKDF3(ck, psk); h = HASH(h || t). The `psk` token; 32 bytes.
  void MixKeyAndHash(const crypto::PresharedKey& psk);

  // Seals `plain` under k with h as associated data, into `sealed`, which has
  // plain.size() + kTagSize bytes; then mixes that into h. A MixKey, MixDh or
  // MixKeyAndHash must have come before.
  void EncryptAndHash(Bytes plain, MutableBytes sealed);

  // The reverse: `plain` has sealed.size() - kTagSize bytes (none if that is
  // negative). False, with the state as it was, if `sealed` is not authentic.
  [[nodiscard]] bool DecryptAndHash(Bytes sealed, MutableBytes plain);

  // The transport keys. Ends the handshake; drop this state then.
  SplitKeys Split() const;

  // 32 bytes that both ends of a finished handshake derive and nobody else
  // can: Kdf1(ck, label || h). Independent of the transport keys (whose input
  // is empty) and of other labels, so it may be shown to the peer inside the
  // channel. `label` must not be empty.
  crypto::SymmetricKey Export(absl::string_view label) const;

  // h. After the last message it names the handshake uniquely (Noise §11.2).
  const crypto::Digest& hash() const { return hash_; }

 private:
  SymmetricState(const crypto::Digest& hash, crypto::SymmetricKey chaining_key,
                 crypto::SymmetricKey key, uint64_t nonce, bool has_key);

  crypto::Digest hash_;
  crypto::SymmetricKey chaining_key_;
  crypto::SymmetricKey key_;
  uint64_t nonce_ = 0;  // Of the next message under key_.
  bool has_key_ = false;
};

}  // namespace warren::noise

#endif  // WARREN_CORE_NOISE_SYMMETRIC_STATE_H_
