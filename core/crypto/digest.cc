#include "core/crypto/digest.h"

#include <openssl/digest.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "core/base/check.h"

namespace warren::crypto {
namespace {

const EVP_MD* Algorithm(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return EVP_sha256();
    case Hash::kSha384:
      return EVP_sha384();
    case Hash::kSha512:
      return EVP_sha512();
    case Hash::kSha1:
      return EVP_sha1();
  }
  return nullptr;
}

}  // namespace

std::vector<uint8_t> Digest(Hash hash, Bytes data) {
  std::vector<uint8_t> out(EVP_MD_size(Algorithm(hash)));
  unsigned size = 0;
  WARREN_CHECK(EVP_Digest(data.data(), data.size(), out.data(), &size,
                          Algorithm(hash), nullptr) == 1);
  return out;
}

std::vector<uint8_t> Hmac(Hash hash, Bytes key, Bytes data) {
  std::vector<uint8_t> out(EVP_MD_size(Algorithm(hash)));
  unsigned size = 0;
  WARREN_CHECK(HMAC(Algorithm(hash), key.data(), key.size(), data.data(),
                    data.size(), out.data(), &size) != nullptr);
  return out;
}

}  // namespace warren::crypto
