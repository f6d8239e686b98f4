#ifndef WARREN_CONTROL_IDENTITY_PROVIDER_CONFIG_H_
#define WARREN_CONTROL_IDENTITY_PROVIDER_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace warren::control {

enum class ProviderKind : uint8_t {
  kOidc,    // OpenID Connect with discovery
  kGithub,  // github.com's OAuth, or that of an own GitHub server
  kApple,   // Sign in with Apple
};

// "oidc", "github", "apple".
absl::string_view ToString(ProviderKind kind);

// Who of those that the provider knows may come in. An empty list asks for
// nothing; of each list that is not empty one entry must match.
struct ProviderAdmission {
  // Domains of verified addresses, exactly, any case: "example.com" admits
  // a@example.com and not a@sub.example.com.
  std::vector<std::string> domains{};
  // Verified addresses (any case) or subjects.
  std::vector<std::string> users{};
  // As the provider calls them; GitHub: "organisation" or
  // "organisation/team-slug".
  std::vector<std::string> groups{};
  friend bool operator==(const ProviderAdmission&,
                         const ProviderAdmission&) = default;
};

// Sign in with Apple has a private key in place of a secret.
struct AppleKey {
  std::string team_id{};
  std::string key_id{};
  friend bool operator==(const AppleKey&, const AppleKey&) = default;
};

// One place where people have accounts.
struct ProviderConfig {
  // In our URLs, and never changed: 1 to 32 of a-z, 0-9 and -. The decimal
  // ProviderId.
  std::string id{};
  ProviderKind kind = ProviderKind::kOidc;
  std::string name{};  // on the sign-in page, "Example Ltd"
  // https://host[:port][/path] exactly as the provider says it in `iss`.
  // Empty: github.com or Apple; for kGithub otherwise an own server.
  std::string issuer{};
  std::string client_id{};
  // kApple: the private key, the text of the .p8 file.
  std::string client_secret{};
  // Empty: what the kind needs (OIDC: openid profile email).
  std::vector<std::string> scopes{};
  ProviderAdmission admission{};
  // kOidc: the claim with the names of groups. Empty: none is read.
  std::string groups_claim = "groups";
  AppleKey apple{};
  // Certificates trusted beside the system's (PEM), and whether the provider
  // may be on a private network; see io::HttpClientOptions.
  struct Network {
    std::string extra_roots{};
    bool allow_private_addresses = false;
    friend bool operator==(const Network&, const Network&) = default;
  } network{};
  // How much the clocks may differ.
  absl::Duration leeway = absl::Seconds(60);
  friend bool operator==(const ProviderConfig&,
                         const ProviderConfig&) = default;
};

inline constexpr absl::Duration kMaxLeeway = absl::Minutes(10);

// INVALID_ARGUMENT names the field that cannot be, and why.
absl::Status CheckProviderConfig(const ProviderConfig& config);
// The same, but for the secret, which may be told later.
absl::Status CheckProviderButSecret(const ProviderConfig& config);

// The issuer that stands in identities of this provider: `config.issuer`, or
// "https://github.com" or "https://appleid.apple.com".
std::string IssuerOf(const ProviderConfig& config);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_PROVIDER_CONFIG_H_
