#ifndef WARREN_CONTROL_IDENTITY_IDENTITY_H_
#define WARREN_CONTROL_IDENTITY_IDENTITY_H_

#include <cstddef>
#include <string>
#include <vector>

namespace warren::control {

// Limits of what a provider may say about a person. Beyond those of the
// subject and the groups a sign-in is refused; other texts are dropped.
inline constexpr size_t kMaxSubjectSize = 255;  // OIDC Core §2
inline constexpr size_t kMaxProfileText = 320;  // bytes: the longest address
inline constexpr size_t kMaxIdentityGroups = 2000;
inline constexpr size_t kMaxIdentityGroupSize = 255;

// A person as a provider knows them. Who it is says (issuer, subject), and
// nothing else: an address may change hands, a name may be anything.
struct Identity {
  std::string provider{};  // ProviderConfig::id
  std::string issuer{};    // exact; compare byte by byte
  // 1 to 255 printable ASCII characters; may be ".." or hold slashes: never
  // part of a path. GitHub: the account's number.
  std::string subject{};
  // "" when there is none. Only a verified one says anything about the person.
  std::string email{};
  bool email_verified = false;
  // For people to read. UTF-8 without control characters, but markup is
  // possible: show as text. "" when the provider told none.
  std::string display_name{};
  std::string login{};  // "preferred_username"; GitHub's login
  // As the provider names them, sorted, each once.
  std::vector<std::string> groups{};
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_IDENTITY_H_
