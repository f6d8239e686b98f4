#ifndef WARREN_CONTROL_IDENTITY_JWK_H_
#define WARREN_CONTROL_IDENTITY_JWK_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/identity/json.h"
#include "core/crypto/signature.h"

namespace warren::control {

inline constexpr size_t kMaxJwks = 100;

// The algorithm that a JWS header or a JWK names. Nullopt: one that we do not
// take, "none" and those with a shared secret (HS256...) among them.
std::optional<crypto::SignatureAlgorithm> AlgorithmNamed(
    absl::string_view name);

// The keys that a provider signs with: a JWK Set (RFC 7517 §5).
class JwkSet {
 public:
  // INVALID_ARGUMENT: not a JWK Set, or one that cannot be right: more than
  // kMaxJwks keys, a `kid` twice, a private or a shared key in it. A key that
  // alone is of no use (weak, malformed, of an unknown kind) is left out, and
  // Find() says why. Keys for other uses than signing are passed over.
  static absl::StatusOr<JwkSet> Parse(absl::string_view text);

  // The key for a signature by `algorithm`, valid as long as the set. `kid` is
  // the header's, nullopt if it has none: then there must be one key only that
  // fits.
  //   NOT_FOUND         no such key: it may be a new one
  //   UNAUTHENTICATED   there is one, and it may not be used; says why
  absl::StatusOr<const crypto::VerifyKey*> Find(
      const std::optional<std::string>& kid,
      crypto::SignatureAlgorithm algorithm) const;

 private:
  struct Entry {
    std::optional<std::string> kid;
    std::optional<std::string> algorithm;  // that it is for; nullopt: any
    std::optional<crypto::VerifyKey> key;
    std::string fault;  // why there is no key
    bool Fits(crypto::SignatureAlgorithm wanted) const;
  };
  absl::Status Add(const Json& jwk);

  std::vector<Entry> entries_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_JWK_H_
