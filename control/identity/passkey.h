#ifndef WARREN_CONTROL_IDENTITY_PASSKEY_H_
#define WARREN_CONTROL_IDENTITY_PASSKEY_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Passkeys: what an authenticator answers (W3C Web Authentication Level 2),
// checked. Attestation is not asked for and not looked at: which make of
// authenticator somebody uses is their own affair.
namespace warren::control {

inline constexpr size_t kMaxCredentialId = 1023;  // bytes, §4
inline constexpr size_t kPasskeyChallengeSize = 32;

// What the answer must be for.
struct PasskeyExpectation {
  std::string rp_id;      // "control.example"
  std::string origin;     // "https://control.example"
  std::string challenge;  // bytes
};

struct NewPasskey {
  std::string credential_id;  // bytes
  std::string public_key;     // COSE, bytes
  uint32_t sign_count = 0;
};
// §7.1. The user must have been verified (PIN, finger). INVALID_ARGUMENT says
// what is wrong: malformed, for another challenge, origin or server, nobody
// verified, a key that we cannot check.
absl::StatusOr<NewPasskey> CheckRegistration(
    const PasskeyExpectation& expected, absl::string_view client_data_json,
    absl::string_view attestation_object);

// §7.2. `public_key` as NewPasskey. The new sign count, which the caller holds
// against the stored one. UNAUTHENTICATED says what is wrong.
absl::StatusOr<uint32_t> CheckAssertion(const PasskeyExpectation& expected,
                                        absl::string_view public_key,
                                        absl::string_view client_data_json,
                                        absl::string_view authenticator_data,
                                        absl::string_view signature);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_PASSKEY_H_
