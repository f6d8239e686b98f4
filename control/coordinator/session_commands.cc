#include "control/coordinator/session_commands.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/secret.h"

namespace warren::control {
namespace {

constexpr int64_t kMinuteMs = 60'000;

// A cookie: ids of tailnet and session, so that it is found without a search,
// and 256 random bits.
constexpr size_t kIdSize = 8, kRandomSize = 32;
constexpr size_t kCookieSize = 2 * kIdSize + kRandomSize;

SecretHash HashOf(const HashKey& key, absl::string_view secret) {
  SecretHash hash;
  crypto::Blake2s(key.Expose(), hash.size())
      .Update(AsBytes("session "))
      .Update(AsBytes(secret))
      .Finish(hash);
  return hash;
}

std::string MakeSecret(TailnetId tailnet, SessionId session, Rng& rng) {
  std::array<uint8_t, kRandomSize> random;
  rng.Fill(random);
  ByteWriter out;
  out.U64(static_cast<uint64_t>(tailnet.value()))
      .U64(static_cast<uint64_t>(session.value()))
      .Append(random);
  return ToBase64Url(out.bytes());
}

std::optional<std::pair<TailnetId, SessionId>> IdsOf(absl::string_view secret) {
  const auto bytes = ParseBase64Url(secret);
  if (!bytes || bytes->size() != kCookieSize) return std::nullopt;
  ByteReader reader(*bytes);
  const TailnetId tailnet(static_cast<int64_t>(*reader.U64()));
  const SessionId session(static_cast<int64_t>(*reader.U64()));
  return std::pair(tailnet, session);
}

absl::Status NoSession() {
  return absl::UnauthenticatedError("sign in again: this session has ended");
}

// Makes room for one more session of `user`.
absl::Status EndOldest(Directory& directory, const Order& order,
                       TailnetState& tailnet, UserId user) {
  std::vector<std::pair<int64_t, SessionId>> of_user;
  for (const auto& [id, session] : tailnet.accounts.sessions) {
    if (session.user == user) of_user.emplace_back(session.last_used_ms, id);
  }
  if (of_user.size() < kMaxSessions) return absl::OkStatus();
  const SessionId oldest = std::ranges::min(of_user).second;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().DeleteSession(
      oldest, AuditOf(order, tailnet, "session.close",
                      tailnet.users.at(user).login, "", "too many")));
  tailnet.accounts.sessions.erase(oldest);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OpenedSession> OpenSession(Directory& directory,
                                          const Order& order,
                                          TailnetState& tailnet,
                                          const SessionOrigin& origin) {
  const auto user = tailnet.users.find(order.user);
  if (user == tailnet.users.end()) {
    return absl::NotFoundError("the user is gone");
  }
  if (user->second.status == UserStatus::kSuspended) {
    return absl::PermissionDeniedError(absl::StrCat(
        user->second.login, " is suspended: ask an administrator"));
  }
  WARREN_RETURN_IF_ERROR(EndOldest(directory, order, tailnet, order.user));
  const int64_t wanted = tailnet.record.settings.session_lifetime_ms;
  OpenedSession opened;
  SessionRecord& record = opened.record;
  record.id = SessionId(directory.NewId());
  record.tailnet = tailnet.record.id;
  record.user = order.user;
  record.provider = origin.provider;
  record.created_ms = record.last_used_ms = order.now_ms;
  record.expires_ms =
      order.now_ms + (wanted == 0 ? kSessionLifetimeMs : wanted);
  record.address = Printable(origin.address);
  record.user_agent = Printable(origin.user_agent);
  opened.secret = MakeSecret(record.tailnet, record.id, directory.rng());
  record.hash = HashOf(directory.hash_key(), opened.secret);
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PutSession(
      record, AuditOf(order, tailnet, "session.open", user->second.login, "",
                      absl::StrCat("by ", origin.provider))));
  directory.PutSession(tailnet, record);
  return opened;
}

absl::StatusOr<LiveSession> FindSession(Directory& directory,
                                        absl::string_view secret,
                                        int64_t now_ms) {
  const auto ids = IdsOf(secret);
  if (!ids) return NoSession();
  TailnetState* const tailnet = directory.Tailnet(ids->first);
  if (tailnet == nullptr) return NoSession();
  const auto found = tailnet->accounts.sessions.find(ids->second);
  if (found == tailnet->accounts.sessions.end()) return NoSession();
  SessionRecord& session = found->second;
  const auto user = tailnet->users.find(session.user);
  if (!crypto::ConstantTimeEqual(HashOf(directory.hash_key(), secret),
                                 session.hash) ||
      session.expires_ms <= now_ms || user == tailnet->users.end() ||
      user->second.status == UserStatus::kSuspended) {
    return NoSession();
  }
  if (now_ms - session.last_used_ms >= kMinuteMs) {
    // Not worth refusing somebody when the disk is full.
    (void)directory.store().accounts().TouchSession(session.id, now_ms);
    session.last_used_ms = now_ms;
  }
  return LiveSession{tailnet, user->second, session};
}

bool NeedsSecondFactor(const TailnetSettings& settings,
                       const SessionRecord& session,
                       const LocalAccountRecord* account_or_null) {
  return settings.require_second_factor && session.provider == "local" &&
         (account_or_null == nullptr || account_or_null->totp_secret.empty());
}

absl::Status CloseSession(Directory& directory, const Order& order,
                          TailnetState& tailnet, SessionId id) {
  const auto found = tailnet.accounts.sessions.find(id);
  if (found == tailnet.accounts.sessions.end()) {
    return absl::NotFoundError("there is no such session (any more)");
  }
  const UserRecord& user = tailnet.users.at(found->second.user);
  WARREN_RETURN_IF_ERROR(
      RequireUser(tailnet, order, user, "end the sessions of"));
  WARREN_RETURN_IF_ERROR(directory.store().accounts().DeleteSession(
      id, AuditOf(order, tailnet, "session.close", user.login,
                  found->second.address, "")));
  tailnet.accounts.sessions.erase(found);
  return absl::OkStatus();
}

absl::Status CloseSessions(Directory& directory, const Order& order,
                           TailnetState& tailnet, UserId user,
                           SessionId except) {
  const auto found = tailnet.users.find(user);
  if (found == tailnet.users.end()) {
    return absl::NotFoundError("there is no such user");
  }
  WARREN_RETURN_IF_ERROR(
      RequireUser(tailnet, order, found->second, "end the sessions of"));
  WARREN_RETURN_IF_ERROR(directory.store().accounts().DeleteSessions(
      user, except,
      AuditOf(order, tailnet, "session.close-all", found->second.login, "",
              "")));
  std::erase_if(tailnet.accounts.sessions, [&](const auto& session) {
    return session.second.user == user && session.first != except;
  });
  return absl::OkStatus();
}

}  // namespace warren::control
