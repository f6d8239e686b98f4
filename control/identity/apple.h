#ifndef WARREN_CONTROL_IDENTITY_APPLE_H_
#define WARREN_CONTROL_IDENTITY_APPLE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "control/identity/provider_config.h"
#include "core/crypto/signature.h"

// What Sign in with Apple does in its own way. Source: Apple's developer
// documentation, "Creating a client secret" and "Request an authorization to
// the Sign in with Apple server".
namespace warren::control {

// The client's secret: a token that it signs itself, good for 5 minutes.
std::string AppleClientSecret(const ProviderConfig& config,
                              const crypto::Es256PrivateKey& key,
                              absl::Time now);

// "First Last" from the form field `user`, which Apple sends once, when a
// person consents for the first time. It came through the browser, unsigned:
// good for a name to show and for nothing else. "" if there is none.
std::string AppleName(absl::string_view user);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_APPLE_H_
