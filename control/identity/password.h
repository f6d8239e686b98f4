#ifndef WARREN_CONTROL_IDENTITY_PASSWORD_H_
#define WARREN_CONTROL_IDENTITY_PASSWORD_H_

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace warren::control {

inline constexpr size_t kMinPassword = 12;   // characters; NIST SP 800-63B: 8
inline constexpr size_t kMaxPassword = 256;  // bytes

// Whether somebody may choose `password`. INVALID_ARGUMENT says which rule it
// breaks: length, only one character repeated or counted up, the login in it,
// one of the usual ones.
absl::Status CheckNewPassword(absl::string_view password,
                              absl::string_view login);

// Argon2id (RFC 9106) by libsodium, 64 MiB and 2 passes: about a tenth of a
// second. At most kAtOnce run at a time, others wait, so that a flood of
// attempts costs no more memory. Thread-safe, blocks.
class PasswordHasher {
 public:
  static constexpr int kAtOnce = 2;

  PasswordHasher();
  // As LocalAccountRecord keeps it: "$argon2id$...", with a random salt.
  std::string Hash(absl::string_view password);
  // Whether `hash` is of `password`. An empty or malformed `hash` costs the
  // same time and is of none.
  bool Matches(absl::string_view hash, absl::string_view password);

 private:
  class Turn;
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return running_ < kAtOnce;
  }
  absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string nobodys_;  // a hash of nothing that anybody knows
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_PASSWORD_H_
