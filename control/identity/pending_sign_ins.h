#ifndef WARREN_CONTROL_IDENTITY_PENDING_SIGN_INS_H_
#define WARREN_CONTROL_IDENTITY_PENDING_SIGN_INS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"

namespace warren::control {

// How long a person may take at the provider.
inline constexpr absl::Duration kSignInTime = absl::Minutes(10);
// Sign-ins under way. When there are as many, the source with most of them
// loses its oldest: a flood from one machine pushes out only itself.
inline constexpr size_t kMaxPendingSignIns = 10'000;

// What is remembered while a person is at the provider.
struct PendingSignIn {
  std::string provider{};
  uint64_t configuration = 0;  // of the provider: it may change meanwhile
  std::string return_to{};
  std::string nonce{};                // in the ID token
  std::string code_verifier{};        // PKCE, RFC 7636 §4.1
  std::array<uint8_t, 32> browser{};  // SHA-256 of the browser's cookie
};

// Sign-ins under way by their `state`, each for one use by one browser within
// kSignInTime. Not thread-safe.
class PendingSignIns {
 public:
  // The `state`: 43 characters. Makes nonce and code_verifier, 43 characters
  // each, and stores `sign_in`, which gets both and the browser's digest.
  std::string Add(PendingSignIn& sign_in, absl::string_view browser,
                  absl::string_view source, Instant now, Rng& rng);

  // Removes and returns the one of `state`. FAILED_PRECONDITION: there is none
  // (any more), or it is of another browser (then it stays).
  absl::StatusOr<PendingSignIn> Take(absl::string_view state,
                                     absl::string_view browser, Instant now);

  size_t size() const { return by_state_.size(); }

 private:
  struct Entry {
    std::string state;
    std::string source;
    Instant until;
    PendingSignIn sign_in;
  };
  using Entries = std::list<Entry>;  // oldest first

  void Remove(Entries::iterator entry);
  void MakeRoom(Instant now);

  Entries entries_;
  std::map<std::string, Entries::iterator, std::less<>> by_state_;
  std::map<std::string, size_t, std::less<>> by_source_;  // how many of each
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_PENDING_SIGN_INS_H_
