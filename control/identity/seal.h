#ifndef WARREN_CONTROL_IDENTITY_SEAL_H_
#define WARREN_CONTROL_IDENTITY_SEAL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/store/account_records.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"

// Secrets that the server must be able to read again (client secrets, TOTP,
// keys of webhooks), as they stand in the database: useless to who has the
// database alone, and useless in any other place of it.
//
//   offset  size  field
//   0       1     version     1
//   1       24    nonce       random
//   25      n     ciphertext  XChaCha20-Poly1305
//   25+n    16    tag         also over the place
namespace warren::control {

using SealKey = crypto::SymmetricKey;
// From the server's private key, so that there is one secret to keep.
SealKey DeriveSealKey(const crypto::MachinePrivateKey& server_key);

// Where a sealed secret belongs: table, column and row, as
// "providers.secret:123".
std::string SealPlace(absl::string_view column, int64_t row);

// "" stays "": there is no secret.
Sealed Seal(const SealKey& key, absl::string_view place,
            absl::string_view secret, Rng& rng);

// DATA_LOSS names the place: it was sealed for another one, or by another
// server's key, or has been changed.
absl::StatusOr<std::string> Unseal(const SealKey& key, absl::string_view place,
                                   absl::string_view sealed);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_SEAL_H_
