#include "core/crypto/test_signer.h"

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/crypto/digest.h"

namespace warren::crypto {

struct TestSigner::State {
  bssl::UniquePtr<EVP_PKEY> key;
  Curve curve = Curve::kP256;
};

namespace {

std::vector<uint8_t> BytesOf(const BIGNUM* number, size_t size) {
  std::vector<uint8_t> bytes(size);
  WARREN_CHECK(BN_bn2bin_padded(bytes.data(), size, number) == 1);
  return bytes;
}

const EVP_MD* MdOf(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kEdDsa:
      return nullptr;
    case SignatureAlgorithm::kRs384:
    case SignatureAlgorithm::kPs384:
    case SignatureAlgorithm::kEs384:
      return EVP_sha384();
    case SignatureAlgorithm::kRs512:
    case SignatureAlgorithm::kPs512:
      return EVP_sha512();
    default:
      return EVP_sha256();
  }
}

}  // namespace

TestSigner::TestSigner(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

TestSigner TestSigner::Rsa(int bits) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> e(BN_new());
  WARREN_CHECK(BN_set_word(e.get(), RSA_F4) == 1);
  WARREN_CHECK(RSA_generate_key_ex(rsa.get(), bits, e.get(), nullptr) == 1);
  auto state = std::make_shared<State>();
  state->key.reset(EVP_PKEY_new());
  TestSigner signer(state);
  signer.first_ = BytesOf(RSA_get0_n(rsa.get()), RSA_size(rsa.get()));
  signer.second_ = BytesOf(RSA_get0_e(rsa.get()), 3);
  WARREN_CHECK(EVP_PKEY_assign_RSA(state->key.get(), rsa.release()) == 1);
  return signer;
}

TestSigner TestSigner::Ec(Curve curve) {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(
      curve == Curve::kP256 ? NID_X9_62_prime256v1 : NID_secp384r1));
  WARREN_CHECK(EC_KEY_generate_key(ec.get()) == 1);
  bssl::UniquePtr<BIGNUM> x(BN_new());
  bssl::UniquePtr<BIGNUM> y(BN_new());
  WARREN_CHECK(
      EC_POINT_get_affine_coordinates_GFp(EC_KEY_get0_group(ec.get()),
                                          EC_KEY_get0_public_key(ec.get()),
                                          x.get(), y.get(), nullptr) == 1);
  auto state = std::make_shared<State>();
  state->curve = curve;
  state->key.reset(EVP_PKEY_new());
  TestSigner signer(state);
  const size_t size = curve == Curve::kP256 ? 32 : 48;
  signer.first_ = BytesOf(x.get(), size);
  signer.second_ = BytesOf(y.get(), size);
  WARREN_CHECK(EVP_PKEY_assign_EC_KEY(state->key.get(), ec.release()) == 1);
  return signer;
}

TestSigner TestSigner::Ed25519() {
  bssl::UniquePtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  WARREN_CHECK(EVP_PKEY_keygen_init(context.get()) == 1 &&
               EVP_PKEY_keygen(context.get(), &key) == 1);
  auto state = std::make_shared<State>();
  state->key.reset(key);
  TestSigner signer(state);
  size_t size = 32;
  signer.first_.resize(size);
  WARREN_CHECK(EVP_PKEY_get_raw_public_key(key, signer.first_.data(), &size) ==
               1);
  return signer;
}

std::vector<uint8_t> TestSigner::Sign(SignatureAlgorithm algorithm,
                                      Bytes message) const {
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* settings = nullptr;
  WARREN_CHECK(EVP_DigestSignInit(context.get(), &settings, MdOf(algorithm),
                                  nullptr, state_->key.get()) == 1);
  if (algorithm == SignatureAlgorithm::kPs256 ||
      algorithm == SignatureAlgorithm::kPs384 ||
      algorithm == SignatureAlgorithm::kPs512) {
    EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, -1);  // That of the hash.
  }
  size_t size = 0;
  WARREN_CHECK(EVP_DigestSign(context.get(), nullptr, &size, message.data(),
                              message.size()) == 1);
  std::vector<uint8_t> signature(size);
  WARREN_CHECK(EVP_DigestSign(context.get(), signature.data(), &size,
                              message.data(), message.size()) == 1);
  signature.resize(size);
  if (EVP_PKEY_id(state_->key.get()) != EVP_PKEY_EC) return signature;
  return EcdsaFromDer(state_->curve, signature).value();
}

VerifyKey TestSigner::PublicKey() const {
  switch (EVP_PKEY_id(state_->key.get())) {
    case EVP_PKEY_RSA:
      return VerifyKey::Rsa(first_, second_).value();
    case EVP_PKEY_EC:
      return VerifyKey::Ec(state_->curve, first_, second_).value();
    default:
      return VerifyKey::Ed25519(first_).value();
  }
}

std::string TestSigner::ExposePem() const {
  bssl::ScopedCBB writer;
  uint8_t* der = nullptr;
  size_t size = 0;
  WARREN_CHECK(CBB_init(writer.get(), 256) == 1 &&
               EVP_marshal_private_key(writer.get(), state_->key.get()) == 1 &&
               CBB_finish(writer.get(), &der, &size) == 1);
  const std::string pem = absl::StrCat("-----BEGIN PRIVATE KEY-----\n",
                                       absl::Base64Escape(AsText({der, size})),
                                       "\n-----END PRIVATE KEY-----\n");
  OPENSSL_free(der);
  return pem;
}

}  // namespace warren::crypto
