#ifndef WARREN_CORE_CRYPTO_AEAD_H_
#define WARREN_CORE_CRYPTO_AEAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/bytes.h"
#include "core/crypto/keys.h"

struct evp_aead_ctx_st;  // BoringSSL's; not seen outside this package.

namespace warren::crypto {

inline constexpr size_t kAeadTagSize = 16;     // bytes, of both AEADs here
inline constexpr size_t kAeadNonceSize = 12;   // bytes, ChaCha20-Poly1305
inline constexpr size_t kXAeadNonceSize = 24;  // bytes, XChaCha20-Poly1305

// ChaCha20-Poly1305 (RFC 8439) under one key. The key schedule is made once
// and kept; sealing and opening allocate nothing. Never use one (key, nonce)
// twice. Threads: one object may be used on several at once.
class AeadKey {
 public:
  explicit AeadKey(KeyBytes key);
  AeadKey(AeadKey&& other) noexcept;
  AeadKey& operator=(AeadKey&& other) noexcept;
  ~AeadKey();

  // Encrypts the `plain_size` bytes at `data` in place and writes the 16-byte
  // tag behind them: `data` must have room for plain_size + kAeadTagSize. The
  // nonce is 4 zero bytes, then `counter` little-endian (whitepaper §5.4.6,
  // Noise §12.3). `ad` is authenticated, not encrypted, and must not overlap.
  void Seal(uint64_t counter, Bytes ad, uint8_t* data, size_t plain_size) const;

  // Decrypts in place what Seal() made: `sealed_size` bytes, tag included. The
  // plaintext is the first sealed_size - kAeadTagSize bytes of `data`. False
  // if it was not made with this key, counter and `ad`, or is too short; the
  // bytes at `data` are then worthless.
  [[nodiscard]] bool Open(uint64_t counter, Bytes ad, uint8_t* data,
                          size_t sealed_size) const;

  // The same with the whole nonce given (ts2021 counts big-endian).
  using Nonce = std::span<const uint8_t, kAeadNonceSize>;
  void Seal(Nonce nonce, Bytes ad, uint8_t* data, size_t plain_size) const;
  [[nodiscard]] bool Open(Nonce nonce, Bytes ad, uint8_t* data,
                          size_t sealed_size) const;

 private:
  struct Free {
    void operator()(evp_aead_ctx_st* context) const;
  };
  std::unique_ptr<evp_aead_ctx_st, Free> context_;
};

// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha §2), one message at a time, in
// place like AeadKey. For rare messages with random nonces (cookies).
using XNonce = std::span<const uint8_t, kXAeadNonceSize>;
void XSeal(KeyBytes key, XNonce nonce, Bytes ad, uint8_t* data,
           size_t plain_size);
[[nodiscard]] bool XOpen(KeyBytes key, XNonce nonce, Bytes ad, uint8_t* data,
                         size_t sealed_size);

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_AEAD_H_
