#ifndef WARREN_CONTROL_IDENTITY_TOTP_H_
#define WARREN_CONTROL_IDENTITY_TOTP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/rng.h"

// One-time codes by time (RFC 6238: SHA-1, 6 digits, 30 s, as every
// authenticator app understands), and codes for who has lost the app.
namespace warren::control {

inline constexpr size_t kTotpSecretSize = 20;  // bytes
inline constexpr int64_t kTotpStepSeconds = 30;
inline constexpr size_t kRecoveryCodes = 10;

std::string MakeTotpSecret(Rng& rng);  // bytes
std::string TotpCode(absl::string_view secret, int64_t step);

// The step whose code `typed` is (spaces in it do not count), one step early
// or late at most; nullopt: none. A code is good once: only steps later than
// `last_step` count.
std::optional<int64_t> MatchTotp(absl::string_view secret,
                                 absl::string_view typed, int64_t unix_seconds,
                                 int64_t last_step);

// For an app: "otpauth://totp/...", and the secret to type.
std::string TotpUri(absl::string_view secret, absl::string_view issuer,
                    absl::string_view login);
std::string Base32(absl::string_view bytes);  // RFC 4648, without padding

// "k3j9-x2m7-...": 80 bits each, in digits and lower-case letters but i, l, o
// and u.
std::vector<std::string> MakeRecoveryCodes(Rng& rng);
// As typed, without what does not count: case, spaces, hyphens.
std::string TidyRecoveryCode(absl::string_view typed);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_TOTP_H_
