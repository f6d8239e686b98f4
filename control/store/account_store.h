#ifndef WARREN_CONTROL_STORE_ACCOUNT_STORE_H_
#define WARREN_CONTROL_STORE_ACCOUNT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "control/store/journal.h"
#include "control/store/records.h"

namespace warren::control {

// What one act of signing up writes at once. Unset: nothing of that kind.
struct NewPerson {
  std::optional<UserRecord> user = {};  // created or replaced, by id
  std::optional<IdentityRecord> identity = {};
  std::optional<LocalAccountRecord> account = {};
  std::optional<PasskeyRecord> passkey = {};
  std::optional<ShareRecord> share = {};  // the guest's side of an invitation
  // Every session of this user ends: its password was set anew.
  UserId ends_sessions_of = {};
};

// The part of the store that knows how people prove who they are. The rules of
// Store hold: one function is one transaction with its audit row.
//
// Deleting a user, a tailnet or a node takes along what refers to it:
// identities, accounts, passkeys, sessions, invitations, shares, keys.
class AccountStore {
 public:
  explicit AccountStore(Journal& journal) : journal_(journal) {}

  // ALREADY_EXISTS: the login, the (issuer, subject) or the passkey is taken;
  // then nothing of it is written.
  absl::Status PutPerson(const NewPerson& person, const AuditRecord& audit);

  // Creates or replaces, by id. ALREADY_EXISTS: (tailnet, issuer, subject) is
  // another identity's.
  absl::Status PutIdentity(const IdentityRecord& identity,
                           const AuditRecord& audit);
  absl::Status DeleteIdentity(IdentityId id, const AuditRecord& audit);
  // A sign-in: the identity as the provider tells it now, and the user's
  // `last_login_ms`.
  absl::Status RecordLogin(const IdentityRecord& identity,
                           const AuditRecord& audit);

  // Creates or replaces, with its recovery codes.
  absl::Status PutLocalAccount(const LocalAccountRecord& account,
                               const AuditRecord& audit);
  absl::Status DeleteLocalAccount(UserId user, const AuditRecord& audit);
  // Failures since the last success, and until when nobody may try. Audited
  // where the caller thinks it matters: when it locks.
  absl::Status SetFailures(UserId user, int64_t num_failures,
                           int64_t locked_until_ms,
                           const std::optional<AuditRecord>& audit);
  // A code of time step `step` was right. FAILED_PRECONDITION: that step, or a
  // later one, was used already.
  absl::Status UseTotpStep(UserId user, int64_t step);
  // FAILED_PRECONDITION: the user has no such code (any more).
  absl::Status UseRecoveryCode(UserId user, const SecretHash& hash,
                               const AuditRecord& audit);

  // Creates or replaces, by credential id. ALREADY_EXISTS: it is another
  // user's.
  absl::Status PutPasskey(const PasskeyRecord& passkey,
                          const AuditRecord& audit);
  // FAILED_PRECONDITION: `sign_count` did not rise, so that the passkey was
  // copied (WebAuthn §6.1.1), or there is none. 0 means that it never counts.
  absl::Status UsePasskey(const std::string& credential_id, uint32_t sign_count,
                          int64_t now_ms);
  absl::Status DeletePasskey(const std::string& credential_id,
                             const AuditRecord& audit);

  // ALREADY_EXISTS: the name is another provider's.
  absl::Status PutProvider(const ProviderRecord& provider,
                           const AuditRecord& audit);
  absl::Status DeleteProvider(ProviderId id, const AuditRecord& audit);

  absl::Status PutSession(const SessionRecord& session,
                          const AuditRecord& audit);
  absl::Status TouchSession(SessionId id, int64_t last_used_ms);
  absl::Status DeleteSession(SessionId id, const AuditRecord& audit);
  // All of `user` but `except`, which may be 0.
  absl::Status DeleteSessions(UserId user, SessionId except,
                              const AuditRecord& audit);

  absl::Status PutInvitation(const InvitationRecord& invitation,
                             const AuditRecord& audit);
  absl::Status DeleteInvitation(InvitationId id, const AuditRecord& audit);
  // Uses it up and writes what it gives, in one step. FAILED_PRECONDITION, and
  // nothing happens, when it is used, expired at `now_ms` or gone.
  absl::Status UseInvitation(InvitationId id, int64_t now_ms,
                             const std::string& used_by,
                             const NewPerson& person, const AuditRecord& audit);

  // Deletes the sessions and access tokens that have expired at `now_ms`, and
  // invitations that were used or expired 30 days before. Not audited.
  absl::Status PruneExpired(int64_t now_ms);
  static constexpr int64_t kKeepInvitationMs = 30LL * 24 * 3600 * 1000;

 private:
  Journal& journal_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_ACCOUNT_STORE_H_
