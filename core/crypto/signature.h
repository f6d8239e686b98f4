#ifndef WARREN_CORE_CRYPTO_SIGNATURE_H_
#define WARREN_CORE_CRYPTO_SIGNATURE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

// Digital signatures of the web (JWT, passkeys): verifying with keys given by
// their raw parameters, and the one kind that we make ourselves, ES256.
namespace warren::crypto {

// Named as in JWS (RFC 7518 §3.1, RFC 8037 §3.1).
enum class SignatureAlgorithm : uint8_t {
  kRs256,  // RSASSA-PKCS1-v1_5
  kRs384,
  kRs512,
  kPs256,  // RSASSA-PSS, MGF1 and salt of the same hash
  kPs384,
  kPs512,
  kEs256,  // ECDSA P-256, SHA-256; the signature is r || s, 64 bytes
  kEs384,  // ECDSA P-384, SHA-384; 96 bytes
  kEdDsa,  // Ed25519; 64 bytes
};

enum class Curve : uint8_t { kP256, kP384 };

inline constexpr size_t kMinRsaBits = 2048;
inline constexpr size_t kMaxRsaBits = 8192;

// A public key of RSA, ECDSA or Ed25519. Immutable, cheap to copy, usable on
// any thread.
class VerifyKey {
 public:
  // Big-endian, as in a JWK's `n` and `e`. INVALID_ARGUMENT: a modulus that is
  // even or not of kMinRsaBits to kMaxRsaBits; an exponent that is even, less
  // than 3 or more than 32 bits.
  static absl::StatusOr<VerifyKey> Rsa(Bytes modulus, Bytes exponent);
  // Coordinates of exactly the size of the field. INVALID_ARGUMENT: another
  // size, or not a point of the curve.
  static absl::StatusOr<VerifyKey> Ec(Curve curve, Bytes x, Bytes y);
  // INVALID_ARGUMENT: not 32 bytes.
  static absl::StatusOr<VerifyKey> Ed25519(Bytes point);

  // Whether this kind of key can make signatures of `algorithm`.
  bool Fits(SignatureAlgorithm algorithm) const;

  // Whether `signature` over `message` is this key's. False for an algorithm
  // that does not fit, and for anything malformed.
  bool Verify(SignatureAlgorithm algorithm, Bytes message,
              Bytes signature) const;

  struct State;  // of signature.cc alone

 private:
  explicit VerifyKey(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

// The r || s form of an ECDSA signature in DER (as X.509 and WebAuthn write
// it), for Verify(). Nullopt: not such a signature, or too big for the curve.
std::optional<std::vector<uint8_t>> EcdsaFromDer(Curve curve, Bytes der);

// A private key on P-256, for ES256. Immutable; usable on any thread.
class Es256PrivateKey {
 public:
  // From PKCS #8 in PEM ("-----BEGIN PRIVATE KEY-----"), which is what Apple
  // gives as .p8. INVALID_ARGUMENT, without the text, for anything else.
  static absl::StatusOr<Es256PrivateKey> FromPem(absl::string_view pem);

  // 64 bytes, r || s. The nonce comes from the key, the message and BoringSSL's
  // randomness together.
  std::vector<uint8_t> Sign(Bytes message) const;

  struct State;  // of signature.cc alone

 private:
  explicit Es256PrivateKey(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_SIGNATURE_H_
