#ifndef WARREN_CONTROL_IDENTITY_KEY_TEXT_H_
#define WARREN_CONTROL_IDENTITY_KEY_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "control/store/account_records.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"

// The look of every secret that is given to a machine:
//
//   <kind>-<prefix>-<secret>
//
//   kind    "wauth", "wapi", ...: what it is for, and what scanners for leaked
//           secrets look for
//   prefix  10 characters; public, how people and the database tell keys apart
//   secret  32 characters, 160 random bits
//
// Characters are digits and lower-case letters but i, l, o and u, which look
// like others. The server keeps the prefix and a keyed hash of the whole
// text; the text is shown once, when it is made.
namespace warren::control {

inline constexpr size_t kKeyPrefixSize = 10;
inline constexpr size_t kKeySecretSize = 32;

// Keys the hash: a stolen database alone does not allow to test guesses.
using HashKey = crypto::SymmetricKey;

SecretHash HashKeyText(const HashKey& hash_key, absl::string_view text);

struct NewKeyText {
  std::string text;  // the secret: show it, then forget it
  std::string prefix;
  SecretHash hash;
};
NewKeyText MakeKeyText(absl::string_view kind, const HashKey& hash_key,
                       Rng& rng);

// `size` of these characters: also the secrets of links.
std::string RandomText(size_t size, Rng& rng);

// The prefix of what looks like a key of `kind`.
std::optional<std::string> KeyTextPrefix(absl::string_view kind,
                                         absl::string_view text);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_KEY_TEXT_H_
