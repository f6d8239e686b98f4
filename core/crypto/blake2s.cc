#include "core/crypto/blake2s.h"

#include <algorithm>
#include <new>

#include "blake2.h"
#include "core/base/check.h"
#include "openssl/sha.h"

namespace warren::crypto {
namespace {

constexpr size_t kBlockSize = BLAKE2S_BLOCKBYTES;
constexpr size_t kDigestSize = BLAKE2S_OUTBYTES;

blake2s_state* State(std::array<uint8_t, 192>& storage) {
  static_assert(sizeof(blake2s_state) <= 192);
  return std::launder(reinterpret_cast<blake2s_state*>(storage.data()));
}

// RFC 2104, for keys of any size.
class Hmac {
 public:
  explicit Hmac(Bytes key) {
    if (key.size() > kBlockSize) {
      const Digest digest = Blake2s256(key);
      std::copy(digest.begin(), digest.end(), pad_.begin());
    } else {
      std::copy(key.begin(), key.end(), pad_.begin());
    }
    for (uint8_t& byte : pad_) byte ^= 0x36;
    inner_.Update(pad_);
  }
  ~Hmac() { Wipe(pad_); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  void Update(Bytes data) { inner_.Update(data); }
  void Finish(std::span<uint8_t, kDigestSize> out) {
    inner_.Finish(out);
    for (uint8_t& byte : pad_) byte ^= 0x36 ^ 0x5c;
    Blake2s outer;
    outer.Update(pad_).Update(out).Finish(out);
  }

 private:
  std::array<uint8_t, kBlockSize> pad_{};
  Blake2s inner_;
};

template <size_t N>
std::array<SymmetricKey, N> Kdf(Bytes key, Bytes input) {
  const SymmetricKey root = HmacBlake2s(key, {input});
  std::array<SymmetricKey, N> out;
  for (size_t i = 0; i < N; ++i) {
    const uint8_t index[] = {static_cast<uint8_t>(i + 1)};
    const Bytes previous = i == 0 ? Bytes() : Bytes(out[i - 1].Expose());
    out[i] = HmacBlake2s(root.Expose(), {previous, index});
  }
  return out;
}

}  // namespace

Blake2s::Blake2s() : Blake2s(Bytes(), kDigestSize) {}

Blake2s::Blake2s(Bytes key, size_t digest_size) {
  new (state_.data()) blake2s_state;
  const int result = key.empty() ? blake2s_init(State(state_), digest_size)
                                 : blake2s_init_key(State(state_), digest_size,
                                                    key.data(), key.size());
  WARREN_CHECK(result == 0);
}

Blake2s::~Blake2s() { Wipe(state_); }

Blake2s& Blake2s::Update(Bytes data) {
  blake2s_update(State(state_), data.data(), data.size());
  return *this;
}

void Blake2s::Finish(MutableBytes out) {
  WARREN_CHECK(blake2s_final(State(state_), out.data(), out.size()) == 0);
}

Digest Blake2s256(std::initializer_list<Bytes> parts) {
  Blake2s hash;
  for (Bytes part : parts) hash.Update(part);
  Digest out;
  hash.Finish(out);
  return out;
}

Mac128 Blake2sMac128(Bytes key, Bytes message) {
  Mac128 out;
  Blake2s(key, out.size()).Update(message).Finish(out);
  return out;
}

SymmetricKey HmacBlake2s(Bytes key, std::initializer_list<Bytes> parts) {
  Hmac hmac(key);
  for (Bytes part : parts) hmac.Update(part);
  SymmetricKey out;
  hmac.Finish(out.ExposeMutable());
  return out;
}

std::array<SymmetricKey, 1> Kdf1(Bytes key, Bytes input) {
  return Kdf<1>(key, input);
}
std::array<SymmetricKey, 2> Kdf2(Bytes key, Bytes input) {
  return Kdf<2>(key, input);
}
std::array<SymmetricKey, 3> Kdf3(Bytes key, Bytes input) {
  return Kdf<3>(key, input);
}

Digest Sha256(Bytes data) {
  Digest out;
  SHA256(data.data(), data.size(), out.data());
  return out;
}

}  // namespace warren::crypto
