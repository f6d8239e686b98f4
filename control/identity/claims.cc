#include "control/identity/claims.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"
#include "core/crypto/digest.h"

namespace warren::control {
namespace {

absl::Status Bad(absl::string_view why) {
  return absl::UnauthenticatedError(absl::StrCat("ID token: ", why));
}

// A NumericDate (RFC 7519 §2). Nullopt: absent; an error: not a date.
absl::StatusOr<std::optional<absl::Time>> TimeAt(const Json& claims,
                                                 const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::nullopt;
  const double seconds = found->is_number() ? found->get<double>() : -1;
  if (!(seconds >= 0 && seconds < 1e11)) {
    return Bad(absl::StrCat(name, " is not a time"));
  }
  return absl::UnixEpoch() + absl::Seconds(std::floor(seconds));
}

absl::Status CheckTimes(const Json& claims, const ExpectedToken& expected) {
  WARREN_ASSIGN_OR_RETURN(const auto expires, TimeAt(claims, "exp"));
  WARREN_ASSIGN_OR_RETURN(const auto issued, TimeAt(claims, "iat"));
  WARREN_ASSIGN_OR_RETURN(const auto not_before, TimeAt(claims, "nbf"));
  if (!expires || !issued) return Bad("it has no exp, or no iat");
  const absl::Time earliest = expected.now - expected.leeway;
  const absl::Time latest = expected.now + expected.leeway;
  constexpr absl::string_view kClocks =
      "; if it should be good, compare the clocks of this server and of the "
      "provider";
  if (*expires <= earliest) {
    return Bad(absl::StrCat("it has expired (exp)", kClocks));
  }
  if (*issued > latest) {
    return Bad(absl::StrCat("it is from the future (iat)", kClocks));
  }
  if (not_before && *not_before > latest) {
    return Bad(absl::StrCat("it is not valid yet (nbf)", kClocks));
  }
  return absl::OkStatus();
}

absl::Status CheckAudience(const Json& claims, const std::string& client_id) {
  const auto audience = claims.find("aud");
  bool ours = false;
  bool others = false;
  if (audience != claims.end() && audience->is_string()) {
    ours = *audience == client_id;
  } else if (audience != claims.end() && audience->is_array()) {
    for (const Json& one : *audience) (one == client_id ? ours : others) = true;
  }
  if (!ours) return Bad("it is for another application (aud)");
  const auto party = claims.find("azp");
  if (party == claims.end()) {
    return others ? Bad("it is for several applications and does not say "
                        "which one asked (azp)")
                  : absl::OkStatus();
  }
  return *party == client_id ? absl::OkStatus()
                             : Bad("another application asked for it (azp)");
}

// OIDC Core §3.1.3.6: the left half of the hash of the algorithm. EdDSA's is
// SHA-512 for Ed25519.
std::string LeftHalf(crypto::SignatureAlgorithm algorithm,
                     absl::string_view text) {
  using Kind = crypto::SignatureAlgorithm;
  crypto::Hash hash = crypto::Hash::kSha256;
  if (algorithm == Kind::kRs384 || algorithm == Kind::kPs384 ||
      algorithm == Kind::kEs384) {
    hash = crypto::Hash::kSha384;
  } else if (algorithm == Kind::kRs512 || algorithm == Kind::kPs512 ||
             algorithm == Kind::kEdDsa) {
    hash = crypto::Hash::kSha512;
  }
  const auto digest = crypto::Digest(hash, AsBytes(text));
  return ToBase64Url(Bytes(digest).first(digest.size() / 2));
}

absl::Status CheckSubject(const Json& claims) {
  const std::string subject = StringAt(claims, "sub").value_or("");
  const bool printable = std::all_of(
      subject.begin(), subject.end(),
      [](char c) { return absl::ascii_isprint(static_cast<uint8_t>(c)); });
  if (subject.empty() || subject.size() > kMaxSubjectSize || !printable) {
    return Bad(absl::StrCat("its subject (sub) is not 1 to ", kMaxSubjectSize,
                            " printable ASCII characters"));
  }
  return absl::OkStatus();
}

bool HasPlainText(absl::string_view text, size_t max) {
  return !text.empty() && text.size() <= max &&
         std::none_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_iscntrl(static_cast<uint8_t>(c));
         });
}

// Whether the address is said to be the person's. Providers write the boolean;
// Apple's may be a string ("Authenticating users with Sign in with Apple").
bool IsVerified(const Json& claims, ProviderKind kind) {
  const auto found = claims.find("email_verified");
  if (found == claims.end()) return false;
  return *found == true || (kind == ProviderKind::kApple && *found == "true");
}

// In lower case, from the first '@': an address with two of them, which would
// be somebody's trick, is of no domain that there is.
std::string DomainOf(absl::string_view email) {
  const size_t at = email.find('@');
  if (at == absl::string_view::npos) return "";
  return absl::AsciiStrToLower(email.substr(at + 1));
}

bool AdmitsUser(const std::vector<std::string>& users,
                const Identity& identity) {
  return std::any_of(users.begin(), users.end(), [&](const auto& user) {
    return user == identity.subject ||
           (identity.email_verified && !identity.email.empty() &&
            absl::EqualsIgnoreCase(user, identity.email));
  });
}

bool AdmitsDomain(const std::vector<std::string>& domains,
                  const Identity& identity) {
  const std::string domain = DomainOf(identity.email);
  return identity.email_verified && !domain.empty() &&
         std::any_of(domains.begin(), domains.end(), [&](const auto& one) {
           return absl::AsciiStrToLower(one) == domain;
         });
}

absl::Status Denied(absl::string_view why) {
  return absl::PermissionDeniedError(
      absl::StrCat("this account may not sign in here: ", why));
}

}  // namespace

absl::Status CheckIdToken(const Json& claims, const ExpectedToken& expected) {
  const auto issuer = StringAt(claims, "iss");
  if (issuer != expected.issuer) {
    return Bad(absl::StrCat("it is of another issuer (iss): ",
                            Printable(issuer.value_or("none"))));
  }
  WARREN_RETURN_IF_ERROR(CheckAudience(claims, expected.client_id));
  WARREN_RETURN_IF_ERROR(CheckTimes(claims, expected));
  if (expected.nonce.empty() || StringAt(claims, "nonce") != expected.nonce) {
    return Bad("it is not the answer to this sign-in (nonce)");
  }
  const auto hash = claims.find("at_hash");
  if (hash != claims.end() && !expected.access_token.empty() &&
      *hash != LeftHalf(expected.algorithm, expected.access_token)) {
    return Bad("it does not belong to the access token (at_hash)");
  }
  return absl::OkStatus();
}

absl::Status MergeUserinfo(const Json& userinfo, Json& claims) {
  const auto subject = StringAt(userinfo, "sub");
  if (!subject || subject != StringAt(claims, "sub")) {
    return absl::UnauthenticatedError(
        "userinfo: it is about somebody else (sub)");
  }
  if (!(claims.contains("email") && claims.contains("email_verified")) &&
      userinfo.contains("email")) {
    claims.erase("email");
    claims.erase("email_verified");
  } else if (claims.contains("email")) {
    // Userinfo must not verify the address of the ID token.
    claims.emplace("email_verified", false);
  }
  for (const auto& [name, value] : userinfo.items()) {
    claims.emplace(name, value);
  }
  return absl::OkStatus();
}

std::string ProfileText(absl::string_view text) {
  return HasPlainText(text, kMaxProfileText) ? std::string(text) : "";
}

absl::Status SetGroups(std::vector<std::string> groups, Identity& identity) {
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  if (groups.size() > kMaxIdentityGroups) {
    return absl::UnauthenticatedError(
        absl::StrCat("the provider tells ", groups.size(), " groups, at most ",
                     kMaxIdentityGroups, " can be used: let it tell fewer"));
  }
  for (const std::string& group : groups) {
    if (!HasPlainText(group, kMaxIdentityGroupSize)) {
      return absl::UnauthenticatedError(absl::StrCat(
          "the provider tells a group that cannot be one: ", Printable(group)));
    }
  }
  identity.groups = std::move(groups);
  return absl::OkStatus();
}

absl::StatusOr<Identity> IdentityFromClaims(const Json& claims,
                                            const ProviderConfig& config) {
  WARREN_RETURN_IF_ERROR(CheckSubject(claims));
  const auto text = [&](const char* name) {
    return ProfileText(StringAt(claims, name).value_or(""));
  };
  Identity identity;
  identity.provider = config.id;
  identity.issuer = IssuerOf(config);
  identity.subject = *StringAt(claims, "sub");
  identity.email = text("email");
  identity.email_verified =
      !identity.email.empty() && IsVerified(claims, config.kind);
  identity.display_name = text("name");
  identity.login = text("preferred_username");
  // Aggregated and distributed claims, OIDC Core §5.6.2.
  const auto elsewhere = claims.find("_claim_names");
  if (elsewhere != claims.end() && elsewhere->is_object() &&
      elsewhere->contains(config.groups_claim)) {
    return absl::UnauthenticatedError(
        "the provider tells the groups of this account elsewhere, because they "
        "are too many: let it tell fewer");
  }
  const auto found = claims.find(config.groups_claim);
  if (config.groups_claim.empty() || found == claims.end() ||
      found->is_null()) {
    return identity;
  }
  // One group is written without a list by some.
  const Json list = found->is_string() ? Json::array({*found}) : *found;
  std::vector<std::string> groups;
  const bool strings = list.is_array() &&
                       std::all_of(list.begin(), list.end(),
                                   [](const Json& j) { return j.is_string(); });
  if (!strings) {
    return absl::UnauthenticatedError(
        absl::StrCat("claim ", Printable(config.groups_claim),
                     " is not a list of names of groups"));
  }
  for (const Json& group : list) groups.push_back(group.get<std::string>());
  WARREN_RETURN_IF_ERROR(SetGroups(std::move(groups), identity));
  return identity;
}

absl::Status CheckAdmission(const ProviderAdmission& admission,
                            const Identity& identity) {
  if (!admission.users.empty() && !AdmitsUser(admission.users, identity)) {
    return Denied("it is not one of those allowed");
  }
  if (!admission.domains.empty() &&
      !AdmitsDomain(admission.domains, identity)) {
    return Denied(identity.email_verified
                      ? "its address is of another domain"
                      : "the provider has not verified its address");
  }
  const bool member =
      std::any_of(admission.groups.begin(), admission.groups.end(),
                  [&](const std::string& group) {
                    return std::binary_search(identity.groups.begin(),
                                              identity.groups.end(), group);
                  });
  if (!admission.groups.empty() && !member) {
    return Denied("it is in none of the groups allowed");
  }
  return absl::OkStatus();
}

}  // namespace warren::control
