#ifndef WARREN_CONTROL_COORDINATOR_ACCOUNT_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_ACCOUNT_COMMANDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"

// What people with an account on this server prove themselves with. As in
// administration.h each function checks, stores with its audit row, and then
// applies. What is slow (passwords, signatures) is checked before, by the web
// layer.
namespace warren::control {

// ---- accounts on this server ----

// The account of a user. Null: it has none, people sign in elsewhere.
const LocalAccountRecord* LocalAccountOf(const TailnetState& tailnet,
                                         UserId user);

// Attempts that fail in a row before nobody may try for a while, which doubles
// from kFirstLockMs to kLongestLockMs.
inline constexpr int64_t kFreeFailures = 5;
inline constexpr int64_t kFirstLockMs = 30 * 1000;
inline constexpr int64_t kLongestLockMs = 15LL * 60 * 1000;

// A wrong password or code.
absl::Status NoteFailure(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId user);
absl::Status ForgetFailures(Directory& directory, TailnetState& tailnet,
                            UserId user);

// All below: of `order.user`, who needs an account here (FAILED_PRECONDITION).
// Every session of the user ends: open a new one for who did it.
absl::Status SetPassword(Directory& directory, const Order& order,
                         TailnetState& tailnet, std::string password_hash);
struct TotpSetUp {
  Sealed secret;
  int64_t first_step = 0;  // of the code that proved it: used
  std::vector<SecretHash> recovery_codes;
};
absl::Status SetTotp(Directory& directory, const Order& order,
                     TailnetState& tailnet, const TotpSetUp& set_up);
// FAILED_PRECONDITION: the tailnet asks for a second factor.
absl::Status RemoveTotp(Directory& directory, const Order& order,
                        TailnetState& tailnet);
absl::Status SetRecoveryCodes(Directory& directory, const Order& order,
                              TailnetState& tailnet,
                              std::vector<SecretHash> codes);
SecretHash HashRecoveryCode(const HashKey& key, UserId user,
                            absl::string_view tidy_code);
// UNAUTHENTICATED: used already.
absl::Status UseTotpStep(Directory& directory, TailnetState& tailnet,
                         UserId user, int64_t step);
// UNAUTHENTICATED: no such code (any more).
absl::Status UseRecoveryCode(Directory& directory, const Order& order,
                             TailnetState& tailnet, const SecretHash& hash);

// After UseResetInvitation(): a new password, no second factor, no session; an
// account is made if the user had none. Passkeys go.
absl::Status ResetAccount(Directory& directory, const Order& order,
                          TailnetState& tailnet, std::string password_hash);

// ---- passkeys ----

inline constexpr size_t kMaxPasskeys = 20;  // of one user

// `passkey`: id, public key, sign count and name. ALREADY_EXISTS.
absl::Status AddPasskey(Directory& directory, const Order& order,
                        TailnetState& tailnet, PasskeyRecord passkey);
absl::Status RemovePasskey(Directory& directory, const Order& order,
                           TailnetState& tailnet,
                           const std::string& credential_id);
// In whatever tailnet; both null when there is none.
struct FoundPasskey {
  TailnetState* tailnet = nullptr;
  const PasskeyRecord* record = nullptr;
};
FoundPasskey FindPasskey(Directory& directory,
                         const std::string& credential_id);
// It has signed somebody in. UNAUTHENTICATED: the count did not rise, so it was
// copied.
absl::Status NotePasskeyUse(Directory& directory, const Order& order,
                            TailnetState& tailnet,
                            const std::string& credential_id,
                            uint32_t sign_count);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_ACCOUNT_COMMANDS_H_
