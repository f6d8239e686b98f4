#include "core/noise/symmetric_state.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "core/base/check.h"

namespace warren::noise {
namespace {

// Noise §5.2 InitializeSymmetric: a name that fits is padded, a longer one
// hashed.
crypto::Digest FirstHash(absl::string_view protocol_name) {
  crypto::Digest hash{};
  if (protocol_name.size() > hash.size()) {
    return crypto::Blake2s256(AsBytes(protocol_name));
  }
  std::copy(protocol_name.begin(), protocol_name.end(), hash.begin());
  return hash;
}

}  // namespace

SymmetricState::SymmetricState(absl::string_view protocol_name)
    : hash_(FirstHash(protocol_name)), chaining_key_(hash_) {}

SymmetricState::SymmetricState(const crypto::Digest& hash,
                               crypto::SymmetricKey chaining_key,
                               crypto::SymmetricKey key, uint64_t nonce,
                               bool has_key)
    : hash_(hash),
      chaining_key_(std::move(chaining_key)),
      key_(std::move(key)),
      nonce_(nonce),
      has_key_(has_key) {}

SymmetricState SymmetricState::Clone() const {
  return SymmetricState(hash_, chaining_key_.Clone(), key_.Clone(), nonce_,
                        has_key_);
}

void SymmetricState::MixHash(Bytes data) {
  hash_ = crypto::Blake2s256({hash_, data});
}

void SymmetricState::MixKey(Bytes input) {
  auto [chaining_key, key] = crypto::Kdf2(chaining_key_.Expose(), input);
  chaining_key_ = std::move(chaining_key);
  key_ = std::move(key);
  nonce_ = 0;
  has_key_ = true;
}

void SymmetricState::MixKeyAndHash(const crypto::PresharedKey& psk) {
  auto [chaining_key, to_hash, key] =
      crypto::Kdf3(chaining_key_.Expose(), psk.Expose());
  chaining_key_ = std::move(chaining_key);
  MixHash(to_hash.Expose());
  key_ = std::move(key);
  nonce_ = 0;
  has_key_ = true;
}

void SymmetricState::EncryptAndHash(Bytes plain, MutableBytes sealed) {
  WARREN_CHECK(has_key_);
  WARREN_CHECK(sealed.size() == plain.size() + kTagSize);
  std::copy(plain.begin(), plain.end(), sealed.begin());
  crypto::AeadKey(key_.Expose())
      .Seal(nonce_++, hash_, sealed.data(), plain.size());
  MixHash(sealed);
}

bool SymmetricState::DecryptAndHash(Bytes sealed, MutableBytes plain) {
  WARREN_CHECK(has_key_);
  if (sealed.size() < kTagSize) return false;
  WARREN_CHECK(plain.size() == sealed.size() - kTagSize);
  // Handshake payloads are small; the longest anywhere is a WireGuard or
  // control static key of 48 bytes, so this never allocates in practice.
  absl::InlinedVector<uint8_t, 64> buffer(sealed.begin(), sealed.end());
  if (!crypto::AeadKey(key_.Expose())
           .Open(nonce_, hash_, buffer.data(), buffer.size())) {
    return false;
  }
  ++nonce_;
  std::copy_n(buffer.begin(), plain.size(), plain.begin());
  MixHash(sealed);
  return true;
}

SplitKeys SymmetricState::Split() const {
  auto [from_initiator, from_responder] =
      crypto::Kdf2(chaining_key_.Expose(), {});
  return {std::move(from_initiator), std::move(from_responder)};
}

crypto::SymmetricKey SymmetricState::Export(absl::string_view label) const {
  WARREN_CHECK(!label.empty());
  ByteWriter input;
  input.Append(AsBytes(label)).Append(hash_);
  return std::move(crypto::Kdf1(chaining_key_.Expose(), input.bytes())[0]);
}

}  // namespace warren::noise
