#include "core/crypto/signature.h"

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/crypto/digest.h"
#include "core/crypto/secret.h"

namespace warren::crypto {

// Exactly one of the three.
struct VerifyKey::State {
  bssl::UniquePtr<RSA> rsa;
  bssl::UniquePtr<EC_KEY> ec;
  std::optional<std::array<uint8_t, ED25519_PUBLIC_KEY_LEN>> ed25519;
  Curve curve = Curve::kP256;  // of `ec`
};

struct Es256PrivateKey::State {
  bssl::UniquePtr<EC_KEY> ec;
};

namespace {

using Kind = SignatureAlgorithm;

size_t FieldSize(Curve curve) { return curve == Curve::kP256 ? 32 : 48; }

int NidOf(Curve curve) {
  return curve == Curve::kP256 ? NID_X9_62_prime256v1 : NID_secp384r1;
}

Hash HashOf(Kind algorithm) {
  switch (algorithm) {
    case Kind::kRs384:
    case Kind::kPs384:
    case Kind::kEs384:
      return Hash::kSha384;
    case Kind::kRs512:
    case Kind::kPs512:
      return Hash::kSha512;
    default:
      return Hash::kSha256;
  }
}

bool IsPkcs1(Kind algorithm) {
  return algorithm == Kind::kRs256 || algorithm == Kind::kRs384 ||
         algorithm == Kind::kRs512;
}

bool IsRsa(Kind algorithm) {
  return IsPkcs1(algorithm) || algorithm == Kind::kPs256 ||
         algorithm == Kind::kPs384 || algorithm == Kind::kPs512;
}

bool VerifyRsa(RSA* rsa, Kind algorithm, Bytes message, Bytes signature) {
  const Hash hash = HashOf(algorithm);
  const auto digest = Digest(hash, message);
  const EVP_MD* md = hash == Hash::kSha256   ? EVP_sha256()
                     : hash == Hash::kSha384 ? EVP_sha384()
                                             : EVP_sha512();
  if (IsPkcs1(algorithm)) {
    return RSA_verify(EVP_MD_type(md), digest.data(), digest.size(),
                      signature.data(), signature.size(), rsa) == 1;
  }
  return RSA_verify_pss_mgf1(rsa, digest.data(), digest.size(), md, md,
                             static_cast<int>(digest.size()), signature.data(),
                             signature.size()) == 1;
}

bool VerifyEc(const EC_KEY* ec, Curve curve, Bytes message, Bytes signature) {
  const size_t half = FieldSize(curve);
  if (signature.size() != 2 * half) return false;
  bssl::UniquePtr<ECDSA_SIG> pair(ECDSA_SIG_new());
  WARREN_CHECK(pair != nullptr);
  BIGNUM* r = BN_bin2bn(signature.data(), half, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + half, half, nullptr);
  WARREN_CHECK(ECDSA_SIG_set0(pair.get(), r, s) == 1);
  const auto digest =
      Digest(curve == Curve::kP256 ? Hash::kSha256 : Hash::kSha384, message);
  return ECDSA_do_verify(digest.data(), digest.size(), pair.get(), ec) == 1;
}

std::vector<uint8_t> RawForm(const ECDSA_SIG* pair, size_t half) {
  std::vector<uint8_t> raw(2 * half);
  const bool fits =
      BN_bn2bin_padded(raw.data(), half, ECDSA_SIG_get0_r(pair)) == 1 &&
      BN_bn2bin_padded(raw.data() + half, half, ECDSA_SIG_get0_s(pair)) == 1;
  if (!fits) raw.clear();
  return raw;
}

absl::Status NotP256() {
  return absl::InvalidArgumentError(
      "this is not a private key of P-256 in PKCS #8 PEM (-----BEGIN PRIVATE "
      "KEY-----)");
}

}  // namespace

VerifyKey::VerifyKey(std::shared_ptr<const State> state)
    : state_(std::move(state)) {}

absl::StatusOr<VerifyKey> VerifyKey::Rsa(Bytes modulus, Bytes exponent) {
  bssl::UniquePtr<BIGNUM> n(BN_bin2bn(modulus.data(), modulus.size(), nullptr));
  bssl::UniquePtr<BIGNUM> e(
      BN_bin2bn(exponent.data(), exponent.size(), nullptr));
  WARREN_CHECK(n != nullptr && e != nullptr);
  const size_t bits = BN_num_bits(n.get());
  if (bits < kMinRsaBits || bits > kMaxRsaBits || !BN_is_odd(n.get())) {
    return absl::InvalidArgumentError(
        absl::StrCat("RSA: a modulus of ", bits, " bits, it must be odd and ",
                     kMinRsaBits, " to ", kMaxRsaBits));
  }
  if (!BN_is_odd(e.get()) || BN_num_bits(e.get()) > 32 || BN_is_one(e.get())) {
    return absl::InvalidArgumentError(
        "RSA: the exponent must be odd, 3 at least and 32 bits at most");
  }
  auto state = std::make_shared<State>();
  state->rsa.reset(RSA_new());
  WARREN_CHECK(
      RSA_set0_key(state->rsa.get(), n.release(), e.release(), nullptr) == 1);
  return VerifyKey(std::move(state));
}

absl::StatusOr<VerifyKey> VerifyKey::Ec(Curve curve, Bytes x, Bytes y) {
  const size_t size = FieldSize(curve);
  if (x.size() != size || y.size() != size) {
    return absl::InvalidArgumentError(
        absl::StrCat("EC: coordinates of ", x.size(), " and ", y.size(),
                     " bytes, this curve's have ", size));
  }
  bssl::UniquePtr<BIGNUM> bx(BN_bin2bn(x.data(), x.size(), nullptr));
  bssl::UniquePtr<BIGNUM> by(BN_bin2bn(y.data(), y.size(), nullptr));
  auto state = std::make_shared<State>();
  state->curve = curve;
  state->ec.reset(EC_KEY_new_by_curve_name(NidOf(curve)));
  WARREN_CHECK(state->ec != nullptr);
  const bool on_curve = EC_KEY_set_public_key_affine_coordinates(
                            state->ec.get(), bx.get(), by.get()) == 1;
  ERR_clear_error();
  if (!on_curve) {
    return absl::InvalidArgumentError("EC: not a point of the curve");
  }
  return VerifyKey(std::move(state));
}

absl::StatusOr<VerifyKey> VerifyKey::Ed25519(Bytes point) {
  auto state = std::make_shared<State>();
  if (point.size() != ED25519_PUBLIC_KEY_LEN) {
    return absl::InvalidArgumentError(absl::StrCat(
        "Ed25519: a key of ", point.size(), " bytes, it must have 32"));
  }
  std::copy(point.begin(), point.end(), state->ed25519.emplace().begin());
  return VerifyKey(std::move(state));
}

bool VerifyKey::Fits(SignatureAlgorithm algorithm) const {
  if (IsRsa(algorithm)) return state_->rsa != nullptr;
  if (algorithm == Kind::kEdDsa) return state_->ed25519.has_value();
  const Curve wanted = algorithm == Kind::kEs256 ? Curve::kP256 : Curve::kP384;
  return state_->ec != nullptr && state_->curve == wanted;
}

bool VerifyKey::Verify(SignatureAlgorithm algorithm, Bytes message,
                       Bytes signature) const {
  if (!Fits(algorithm)) return false;
  bool valid = false;
  if (state_->rsa) {
    valid = VerifyRsa(state_->rsa.get(), algorithm, message, signature);
  } else if (state_->ec) {
    valid = VerifyEc(state_->ec.get(), state_->curve, message, signature);
  } else if (signature.size() == ED25519_SIGNATURE_LEN) {
    valid = ED25519_verify(message.data(), message.size(), signature.data(),
                           state_->ed25519->data()) == 1;
  }
  ERR_clear_error();
  return valid;
}

std::optional<std::vector<uint8_t>> EcdsaFromDer(Curve curve, Bytes der) {
  bssl::UniquePtr<ECDSA_SIG> pair(ECDSA_SIG_from_bytes(der.data(), der.size()));
  ERR_clear_error();
  if (pair == nullptr || BN_is_negative(ECDSA_SIG_get0_r(pair.get())) ||
      BN_is_negative(ECDSA_SIG_get0_s(pair.get()))) {
    return std::nullopt;
  }
  auto raw = RawForm(pair.get(), FieldSize(curve));
  ERR_clear_error();
  if (raw.empty()) return std::nullopt;
  return raw;
}

Es256PrivateKey::Es256PrivateKey(std::shared_ptr<const State> state)
    : state_(std::move(state)) {}

absl::StatusOr<Es256PrivateKey> Es256PrivateKey::FromPem(
    absl::string_view pem) {
  constexpr absl::string_view kBegin = "-----BEGIN PRIVATE KEY-----";
  constexpr absl::string_view kEnd = "-----END PRIVATE KEY-----";
  const size_t begin = pem.find(kBegin);
  const size_t end = pem.find(kEnd);
  if (begin == absl::string_view::npos || end == absl::string_view::npos ||
      end < begin + kBegin.size()) {
    return NotP256();
  }
  const size_t from = begin + kBegin.size();
  std::string der;
  if (!absl::Base64Unescape(pem.substr(from, end - from), &der)) {
    return NotP256();
  }
  CBS reader;
  CBS_init(&reader, reinterpret_cast<const uint8_t*>(der.data()), der.size());
  bssl::UniquePtr<EVP_PKEY> key(EVP_parse_private_key(&reader));
  ERR_clear_error();
  Wipe({reinterpret_cast<uint8_t*>(der.data()), der.size()});
  if (key == nullptr || EVP_PKEY_id(key.get()) != EVP_PKEY_EC) {
    return NotP256();
  }
  auto state = std::make_shared<State>();
  state->ec.reset(EVP_PKEY_get1_EC_KEY(key.get()));
  if (EC_GROUP_get_curve_name(EC_KEY_get0_group(state->ec.get())) !=
      NID_X9_62_prime256v1) {
    return NotP256();
  }
  return Es256PrivateKey(std::move(state));
}

std::vector<uint8_t> Es256PrivateKey::Sign(Bytes message) const {
  const auto digest = Sha256(message);
  bssl::UniquePtr<ECDSA_SIG> pair(
      ECDSA_do_sign(digest.data(), digest.size(), state_->ec.get()));
  WARREN_CHECK(pair != nullptr);
  return RawForm(pair.get(), FieldSize(Curve::kP256));
}

}  // namespace warren::crypto
