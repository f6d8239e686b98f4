#ifndef WARREN_CONTROL_STORE_ACCOUNT_RECORDS_H_
#define WARREN_CONTROL_STORE_ACCOUNT_RECORDS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/strong_id.h"
#include "core/policy/topology.h"

// How people prove who they are: rows of the store, as values. Times are
// milliseconds since 1970-01-01 UTC, 0 = not set. A `Sealed` field is a secret
// that the server needs again: encrypted under a key derived from the server's
// own (control/identity/seal.h), never in clear on disk.
namespace warren::control {

using IdentityId = StrongId<struct IdentityIdTag, int64_t>;
using ProviderId = StrongId<struct ProviderIdTag, int64_t>;
using SessionId = StrongId<struct SessionIdTag, int64_t>;
using InvitationId = StrongId<struct InvitationIdTag, int64_t>;

using SecretHash = std::array<uint8_t, 32>;
using Sealed = std::string;  // bytes

// One person at one provider. (tailnet, issuer, subject) is unique, compared
// byte by byte, and alone decides who somebody is.
struct IdentityRecord {
  IdentityId id;
  TailnetId tailnet;
  UserId user;
  ProviderId provider;  // it may be gone
  std::string issuer;
  std::string subject;
  std::string email;
  bool email_verified = false;
  std::vector<std::string> groups;
  int64_t created_ms = 0;
  int64_t last_login_ms = 0;
  friend bool operator==(const IdentityRecord&,
                         const IdentityRecord&) = default;
};

// A user's password and second factors on this server.
struct LocalAccountRecord {
  UserId user;
  TailnetId tailnet;
  std::string password_hash;   // Argon2id, encoded; empty: passkeys alone
  Sealed totp_secret;          // empty: none
  int64_t totp_last_step = 0;  // a code is good once
  std::vector<SecretHash> recovery_codes;
  int64_t num_failures = 0;  // since the last success
  int64_t locked_until_ms = 0;
  friend bool operator==(const LocalAccountRecord&,
                         const LocalAccountRecord&) = default;
};

// WebAuthn. The credential id is unique on the server.
struct PasskeyRecord {
  std::string credential_id;  // bytes
  UserId user;
  TailnetId tailnet;
  std::string name;
  std::string public_key;  // COSE, bytes
  uint32_t sign_count = 0;
  int64_t created_ms = 0;
  int64_t last_used_ms = 0;
  friend bool operator==(const PasskeyRecord&, const PasskeyRecord&) = default;
};

struct ProviderRecord {
  ProviderId id;
  TailnetId tailnet;
  std::string name;  // unique in the tailnet
  // A serialized warren.v1.Provider: what is not looked up by.
  std::string config;
  Sealed secret;  // client secret or Apple's private key
  int64_t created_ms = 0;
  friend bool operator==(const ProviderRecord&,
                         const ProviderRecord&) = default;
};

// A browser that has signed in.
struct SessionRecord {
  SessionId id;
  TailnetId tailnet;
  UserId user;
  std::string provider;  // "local" or a provider's name
  SecretHash hash{};     // of the cookie's value
  int64_t created_ms = 0;
  int64_t expires_ms = 0;
  int64_t last_used_ms = 0;  // to the minute
  std::string address;
  std::string user_agent;
  friend bool operator==(const SessionRecord&, const SessionRecord&) = default;
};

// A link that is good once.
enum class InvitationKind : uint8_t {
  kUser = 0,   // become a user, with `role`
  kOwner = 1,  // the first owner of a tailnet
  kShare = 2,  // reach `node` from another tailnet
  kReset = 3,  // set password and second factor of `user` anew
};
struct InvitationRecord {
  InvitationId id;
  TailnetId tailnet;
  InvitationKind kind = InvitationKind::kUser;
  SecretHash hash{};  // of the link's secret
  policy::Role role = policy::Role::kMember;
  std::string email;  // only who has it, verified; empty = anybody
  NodeId node;
  UserId user;
  std::string created_by;
  int64_t created_ms = 0;
  int64_t expires_ms = 0;
  int64_t used_ms = 0;
  std::string used_by;
  friend bool operator==(const InvitationRecord&,
                         const InvitationRecord&) = default;
};

struct AccountContents {
  std::vector<IdentityRecord> identities;
  std::vector<LocalAccountRecord> local_accounts;
  std::vector<PasskeyRecord> passkeys;
  std::vector<ProviderRecord> providers;
  std::vector<SessionRecord> sessions;
  std::vector<InvitationRecord> invitations;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_ACCOUNT_RECORDS_H_
