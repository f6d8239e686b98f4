#include "control/coordinator/account_commands.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"
#include "core/crypto/blake2s.h"

namespace warren::control {
namespace {

// The account of who orders it.
absl::StatusOr<LocalAccountRecord> OwnAccount(const TailnetState& tailnet,
                                              const Order& order) {
  const LocalAccountRecord* const account = LocalAccountOf(tailnet, order.user);
  if (account == nullptr) {
    return absl::FailedPreconditionError(
        "you have no account on this server: you sign in elsewhere");
  }
  return *account;
}

const std::string& LoginOf(const TailnetState& tailnet, UserId user) {
  return tailnet.users.at(user).login;
}

absl::Status StoreAccount(Directory& directory, const Order& order,
                          TailnetState& tailnet, LocalAccountRecord account,
                          const char* action, std::string after) {
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PutLocalAccount(
      account, AuditOf(order, tailnet, action, LoginOf(tailnet, account.user),
                       "", std::move(after))));
  tailnet.accounts.local_accounts[account.user] = std::move(account);
  return absl::OkStatus();
}

// Writes the account and ends every session of its user.
absl::Status StoreAndSignOut(Directory& directory, const Order& order,
                             TailnetState& tailnet, LocalAccountRecord account,
                             const char* action) {
  const UserId user = account.user;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PutPerson(
      {.account = account, .ends_sessions_of = user},
      AuditOf(order, tailnet, action, LoginOf(tailnet, user), "", "")));
  tailnet.accounts.local_accounts[user] = std::move(account);
  std::erase_if(tailnet.accounts.sessions, [user](const auto& session) {
    return session.second.user == user;
  });
  return absl::OkStatus();
}

int64_t LockFor(int64_t failures) {
  if (failures < kFreeFailures) return 0;
  const int64_t doublings = std::min<int64_t>(failures - kFreeFailures, 10);
  return std::min(kFirstLockMs << doublings, kLongestLockMs);
}

}  // namespace

const LocalAccountRecord* LocalAccountOf(const TailnetState& tailnet,
                                         UserId user) {
  const auto found = tailnet.accounts.local_accounts.find(user);
  return found == tailnet.accounts.local_accounts.end() ? nullptr
                                                        : &found->second;
}

absl::Status NoteFailure(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId user) {
  const auto found = tailnet.accounts.local_accounts.find(user);
  if (found == tailnet.accounts.local_accounts.end()) return absl::OkStatus();
  LocalAccountRecord& account = found->second;
  const int64_t failures = account.num_failures + 1;
  const int64_t lock_ms = LockFor(failures);
  std::optional<AuditRecord> audit;
  if (lock_ms > 0) {
    audit = AuditOf(order, tailnet, "account.lock", LoginOf(tailnet, user), "",
                    absl::StrCat(failures, " wrong attempts: locked for ",
                                 lock_ms / 1000, " s"));
  }
  const int64_t until = lock_ms == 0 ? 0 : order.now_ms + lock_ms;
  WARREN_RETURN_IF_ERROR(
      directory.store().accounts().SetFailures(user, failures, until, audit));
  account.num_failures = failures;
  account.locked_until_ms = until;
  return absl::OkStatus();
}

absl::Status ForgetFailures(Directory& directory, TailnetState& tailnet,
                            UserId user) {
  const auto found = tailnet.accounts.local_accounts.find(user);
  if (found == tailnet.accounts.local_accounts.end() ||
      found->second.num_failures == 0) {
    return absl::OkStatus();
  }
  WARREN_RETURN_IF_ERROR(
      directory.store().accounts().SetFailures(user, 0, 0, std::nullopt));
  found->second.num_failures = 0;
  found->second.locked_until_ms = 0;
  return absl::OkStatus();
}

absl::Status SetPassword(Directory& directory, const Order& order,
                         TailnetState& tailnet, std::string password_hash) {
  WARREN_ASSIGN_OR_RETURN(LocalAccountRecord account,
                          OwnAccount(tailnet, order));
  account.password_hash = std::move(password_hash);
  return StoreAndSignOut(directory, order, tailnet, std::move(account),
                         "account.password");
}

absl::Status SetTotp(Directory& directory, const Order& order,
                     TailnetState& tailnet, const TotpSetUp& set_up) {
  WARREN_ASSIGN_OR_RETURN(LocalAccountRecord account,
                          OwnAccount(tailnet, order));
  account.totp_secret = set_up.secret;
  account.totp_last_step = set_up.first_step;
  account.recovery_codes = set_up.recovery_codes;
  return StoreAccount(directory, order, tailnet, std::move(account),
                      "account.totp", "on");
}

absl::Status RemoveTotp(Directory& directory, const Order& order,
                        TailnetState& tailnet) {
  if (tailnet.record.settings.require_second_factor) {
    return absl::FailedPreconditionError(
        "this tailnet asks for a second factor: set up another app instead");
  }
  WARREN_ASSIGN_OR_RETURN(LocalAccountRecord account,
                          OwnAccount(tailnet, order));
  account.totp_secret.clear();
  account.recovery_codes.clear();
  return StoreAccount(directory, order, tailnet, std::move(account),
                      "account.totp", "off");
}

absl::Status SetRecoveryCodes(Directory& directory, const Order& order,
                              TailnetState& tailnet,
                              std::vector<SecretHash> codes) {
  WARREN_ASSIGN_OR_RETURN(LocalAccountRecord account,
                          OwnAccount(tailnet, order));
  account.recovery_codes = std::move(codes);
  return StoreAccount(directory, order, tailnet, std::move(account),
                      "account.recovery-codes", "made anew");
}

SecretHash HashRecoveryCode(const HashKey& key, UserId user,
                            absl::string_view tidy_code) {
  SecretHash hash;
  crypto::Blake2s(key.Expose(), hash.size())
      .Update(AsBytes(absl::StrCat("recovery ", user.value(), " ", tidy_code)))
      .Finish(hash);
  return hash;
}

absl::Status UseTotpStep(Directory& directory, TailnetState& tailnet,
                         UserId user, int64_t step) {
  const absl::Status used =
      directory.store().accounts().UseTotpStep(user, step);
  if (absl::IsFailedPrecondition(used)) {
    return absl::UnauthenticatedError("the code was used already");
  }
  WARREN_RETURN_IF_ERROR(used);
  tailnet.accounts.local_accounts.at(user).totp_last_step = step;
  return absl::OkStatus();
}

absl::Status UseRecoveryCode(Directory& directory, const Order& order,
                             TailnetState& tailnet, const SecretHash& hash) {
  const absl::Status used = directory.store().accounts().UseRecoveryCode(
      order.user, hash,
      AuditOf(order, tailnet, "account.recovery-code",
              LoginOf(tailnet, order.user), "", "used"));
  if (absl::IsFailedPrecondition(used)) {
    return absl::UnauthenticatedError("there is no such code");
  }
  WARREN_RETURN_IF_ERROR(used);
  std::erase(tailnet.accounts.local_accounts.at(order.user).recovery_codes,
             hash);
  return absl::OkStatus();
}

absl::Status ResetAccount(Directory& directory, const Order& order,
                          TailnetState& tailnet, std::string password_hash) {
  std::vector<std::string> passkeys;
  for (const auto& [id, passkey] : tailnet.accounts.passkeys) {
    if (passkey.user == order.user) passkeys.push_back(id);
  }
  for (const std::string& id : passkeys) {
    WARREN_RETURN_IF_ERROR(RemovePasskey(directory, order, tailnet, id));
  }
  LocalAccountRecord account;
  account.user = order.user;
  account.tailnet = tailnet.record.id;
  account.password_hash = std::move(password_hash);
  return StoreAndSignOut(directory, order, tailnet, std::move(account),
                         "account.reset");
}

absl::Status AddPasskey(Directory& directory, const Order& order,
                        TailnetState& tailnet, PasskeyRecord passkey) {
  WARREN_RETURN_IF_ERROR(OwnAccount(tailnet, order).status());
  if (FindPasskey(directory, passkey.credential_id).record != nullptr) {
    return absl::AlreadyExistsError("this passkey is registered already");
  }
  const auto of_user = std::ranges::count_if(
      tailnet.accounts.passkeys,
      [&](const auto& other) { return other.second.user == order.user; });
  if (static_cast<size_t>(of_user) >= kMaxPasskeys) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "there are ", kMaxPasskeys, " passkeys already: remove one"));
  }
  passkey.user = order.user;
  passkey.tailnet = tailnet.record.id;
  passkey.name = Printable(passkey.name);
  if (passkey.name.empty()) passkey.name = "passkey";
  passkey.created_ms = order.now_ms;
  passkey.last_used_ms = 0;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PutPasskey(
      passkey, AuditOf(order, tailnet, "passkey.add",
                       LoginOf(tailnet, order.user), "", passkey.name)));
  tailnet.accounts.passkeys[passkey.credential_id] = std::move(passkey);
  return absl::OkStatus();
}

absl::Status RemovePasskey(Directory& directory, const Order& order,
                           TailnetState& tailnet,
                           const std::string& credential_id) {
  const auto found = tailnet.accounts.passkeys.find(credential_id);
  if (found == tailnet.accounts.passkeys.end()) {
    return absl::NotFoundError("there is no such passkey");
  }
  const UserRecord& user = tailnet.users.at(found->second.user);
  WARREN_RETURN_IF_ERROR(
      RequireUser(tailnet, order, user, "remove passkeys of"));
  WARREN_RETURN_IF_ERROR(directory.store().accounts().DeletePasskey(
      credential_id, AuditOf(order, tailnet, "passkey.remove", user.login,
                             found->second.name, "")));
  tailnet.accounts.passkeys.erase(found);
  return absl::OkStatus();
}

FoundPasskey FindPasskey(Directory& directory,
                         const std::string& credential_id) {
  for (auto& [id, tailnet] : directory.tailnets()) {
    const auto found = tailnet.accounts.passkeys.find(credential_id);
    if (found != tailnet.accounts.passkeys.end()) {
      return {&tailnet, &found->second};
    }
  }
  return {};
}

absl::Status NotePasskeyUse(Directory& directory, const Order& order,
                            TailnetState& tailnet,
                            const std::string& credential_id,
                            uint32_t sign_count) {
  const auto found = tailnet.accounts.passkeys.find(credential_id);
  if (found == tailnet.accounts.passkeys.end()) {
    return absl::UnauthenticatedError("there is no such passkey (any more)");
  }
  const absl::Status used = directory.store().accounts().UsePasskey(
      credential_id, sign_count, order.now_ms);
  if (absl::IsFailedPrecondition(used)) {
    return absl::UnauthenticatedError(
        "this passkey seems to have been copied: use another way to sign in, "
        "and remove it");
  }
  WARREN_RETURN_IF_ERROR(used);
  found->second.sign_count = sign_count;
  found->second.last_used_ms = order.now_ms;
  return absl::OkStatus();
}

}  // namespace warren::control
