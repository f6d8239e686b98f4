#ifndef WARREN_CONTROL_IDENTITY_DISCOVERY_H_
#define WARREN_CONTROL_IDENTITY_DISCOVERY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace warren::control {

// Where a provider is spoken to: OpenID Connect Discovery 1.0 §3.
struct Discovery {
  std::string authorization_endpoint{};
  std::string token_endpoint{};
  std::string jwks_uri{};
  std::string userinfo_endpoint{};  // "" if it has none
  // Whether the client's secret goes into the form, or into a header.
  bool secret_in_form = false;
  // Whether callbacks must say who answers (RFC 9207).
  bool names_itself = false;
};

// The URL of the document of `issuer`.
std::string DiscoveryUrl(absl::string_view issuer);

// Reads it. UNAVAILABLE names what is wrong: not JSON, another issuer, an
// endpoint that is missing, malformed or without https (which it may be only
// if `issuer` is), no code flow.
absl::StatusOr<Discovery> ParseDiscovery(absl::string_view text,
                                         absl::string_view issuer);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_DISCOVERY_H_
