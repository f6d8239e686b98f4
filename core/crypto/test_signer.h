#ifndef WARREN_CORE_CRYPTO_TEST_SIGNER_H_
#define WARREN_CORE_CRYPTO_TEST_SIGNER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/crypto/signature.h"

namespace warren::crypto {

// A key pair made anew, to play a provider of tokens or an authenticator in
// tests. Randomness is BoringSSL's own.
class TestSigner {
 public:
  // RSA with public exponent 65537; `bits` from 512.
  static TestSigner Rsa(int bits = 2048);
  static TestSigner Ec(Curve curve = Curve::kP256);
  static TestSigner Ed25519();

  std::vector<uint8_t> Sign(SignatureAlgorithm algorithm, Bytes message) const;

  // The public half: RSA's modulus and exponent, x and y of a curve, or
  // Ed25519's point and nothing.
  const std::vector<uint8_t>& first() const { return first_; }
  const std::vector<uint8_t>& second() const { return second_; }
  VerifyKey PublicKey() const;
  // PKCS #8 in PEM.
  std::string ExposePem() const;

  struct State;

 private:
  explicit TestSigner(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
  std::vector<uint8_t> first_;
  std::vector<uint8_t> second_;
};

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_TEST_SIGNER_H_
