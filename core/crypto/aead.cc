#include "core/crypto/aead.h"

#include <array>

#include "core/base/check.h"
#include "openssl/aead.h"

namespace warren::crypto {
namespace {

using NonceBytes = std::array<uint8_t, kAeadNonceSize>;

NonceBytes LittleEndianNonce(uint64_t counter) {
  NonceBytes nonce{};
  StoreLe64(nonce.data() + 4, counter);
  return nonce;
}

// Only misuse of ours makes sealing fail: the room is there by contract.
void SealInPlace(const EVP_AEAD_CTX* context, Bytes nonce, Bytes ad,
                 uint8_t* data, size_t plain_size) {
  size_t size = 0;
  WARREN_CHECK(EVP_AEAD_CTX_seal(context, data, &size,
                                 plain_size + kAeadTagSize, nonce.data(),
                                 nonce.size(), data, plain_size, ad.data(),
                                 ad.size()) == 1);
}

bool OpenInPlace(const EVP_AEAD_CTX* context, Bytes nonce, Bytes ad,
                 uint8_t* data, size_t sealed_size) {
  size_t size = 0;
  return EVP_AEAD_CTX_open(context, data, &size, sealed_size, nonce.data(),
                           nonce.size(), data, sealed_size, ad.data(),
                           ad.size()) == 1;
}

}  // namespace

void AeadKey::Free::operator()(evp_aead_ctx_st* context) const {
  EVP_AEAD_CTX_free(context);  // Wipes the key.
}

AeadKey::AeadKey(KeyBytes key)
    : context_(EVP_AEAD_CTX_new(EVP_aead_chacha20_poly1305(), key.data(),
                                key.size(), kAeadTagSize)) {
  WARREN_CHECK(context_ != nullptr);
}
AeadKey::AeadKey(AeadKey&&) noexcept = default;
AeadKey& AeadKey::operator=(AeadKey&&) noexcept = default;
AeadKey::~AeadKey() = default;

void AeadKey::Seal(uint64_t counter, Bytes ad, uint8_t* data,
                   size_t plain_size) const {
  Seal(LittleEndianNonce(counter), ad, data, plain_size);
}

bool AeadKey::Open(uint64_t counter, Bytes ad, uint8_t* data,
                   size_t sealed_size) const {
  return Open(LittleEndianNonce(counter), ad, data, sealed_size);
}

void AeadKey::Seal(Nonce nonce, Bytes ad, uint8_t* data,
                   size_t plain_size) const {
  SealInPlace(context_.get(), nonce, ad, data, plain_size);
}

bool AeadKey::Open(Nonce nonce, Bytes ad, uint8_t* data,
                   size_t sealed_size) const {
  return OpenInPlace(context_.get(), nonce, ad, data, sealed_size);
}

void XSeal(KeyBytes key, XNonce nonce, Bytes ad, uint8_t* data,
           size_t plain_size) {
  bssl::ScopedEVP_AEAD_CTX context;
  WARREN_CHECK(EVP_AEAD_CTX_init(context.get(), EVP_aead_xchacha20_poly1305(),
                                 key.data(), key.size(), kAeadTagSize,
                                 nullptr) == 1);
  SealInPlace(context.get(), nonce, ad, data, plain_size);
}

bool XOpen(KeyBytes key, XNonce nonce, Bytes ad, uint8_t* data,
           size_t sealed_size) {
  bssl::ScopedEVP_AEAD_CTX context;
  WARREN_CHECK(EVP_AEAD_CTX_init(context.get(), EVP_aead_xchacha20_poly1305(),
                                 key.data(), key.size(), kAeadTagSize,
                                 nullptr) == 1);
  return OpenInPlace(context.get(), nonce, ad, data, sealed_size);
}

}  // namespace warren::crypto
