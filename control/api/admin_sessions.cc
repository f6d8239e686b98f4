#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/session_commands.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

// Browsers that have signed in.
namespace warren::control {
namespace {

v1::Session ToMessage(const AdminCall& call, const SessionRecord& session) {
  v1::Session out;
  out.set_id(session.id.value());
  const auto user = call.tailnet().users.find(session.user);
  if (user != call.tailnet().users.end()) {
    out.set_user_login(user->second.login);
  }
  out.set_provider(session.provider);
  out.set_created_ms(session.created_ms);
  out.set_expires_ms(session.expires_ms);
  out.set_last_used_ms(session.last_used_ms);
  out.set_address(session.address);
  out.set_user_agent(session.user_agent);
  out.set_current(session.id == call.caller.session);
  return out;
}

absl::Status ListSessions(AdminCall& call, const v1::ListRequest& request,
                          v1::ListSessionsResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const UserId only, ListedUser(call, request.user()));
  for (const auto& [id, session] : call.tailnet().accounts.sessions) {
    if (session.expires_ms <= call.order.now_ms) continue;
    if (only != UserId() && session.user != only) continue;
    *out.add_sessions() = ToMessage(call, session);
  }
  return absl::OkStatus();
}

absl::Status RevokeAll(AdminCall& call, const std::string& ref,
                       v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(UserId user, ListedUser(call, ref));
  if (ref.empty()) user = call.caller.user;
  if (user == UserId()) {
    return absl::InvalidArgumentError("user: say whose sessions");
  }
  out.set_deleted("all");
  return CloseSessions(call.directory, call.order, call.tailnet(), user,
                       SessionId());
}

absl::Status RevokeSession(AdminCall& call, const v1::UserRequest& request,
                           v1::DeleteResponse& out) {
  if (request.ref() == "all") return RevokeAll(call, request.user(), out);
  int64_t number = 0;
  const auto& sessions = call.tailnet().accounts.sessions;
  const auto found = absl::SimpleAtoi(request.ref(), &number)
                         ? sessions.find(SessionId(number))
                         : sessions.end();
  const bool is_seen =
      found != sessions.end() &&
      (SeesAll(call) || found->second.user == call.caller.user);
  if (!is_seen) return NotYours("session", request.ref());
  out.set_deleted(absl::StrCat(number));
  return CloseSession(call.directory, call.order, call.tailnet(),
                      SessionId(number));
}

}  // namespace

void AddSessionCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListSessionsResponse>("ListSessions",
                                                       &ListSessions);
  calls.Add<v1::UserRequest, v1::DeleteResponse>("RevokeSession",
                                                 &RevokeSession);
}

}  // namespace warren::control
