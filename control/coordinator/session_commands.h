#ifndef WARREN_CONTROL_COORDINATOR_SESSION_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_SESSION_COMMANDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"

// Browsers that have signed in. As in administration.h each function checks,
// stores with its audit row, and then applies.
namespace warren::control {

inline constexpr int64_t kSessionLifetimeMs = 12LL * 3600 * 1000;  // default
// Of one user; one more ends the one that was used least recently.
inline constexpr size_t kMaxSessions = 50;

struct SessionOrigin {
  std::string provider;  // "local" or a provider's name
  std::string address;
  std::string user_agent;
};
struct OpenedSession {
  SessionRecord record;
  std::string secret;  // the cookie's value; kept nowhere
};
// `order.user` has signed in. PERMISSION_DENIED: it is suspended.
absl::StatusOr<OpenedSession> OpenSession(Directory& directory,
                                          const Order& order,
                                          TailnetState& tailnet,
                                          const SessionOrigin& origin);

struct LiveSession {
  TailnetState* tailnet;
  UserRecord user;
  SessionRecord record;
};
// Whose cookie it is; notes the use, to the minute. UNAUTHENTICATED: nobody's
// (any more), or the user is suspended.
absl::StatusOr<LiveSession> FindSession(Directory& directory,
                                        absl::string_view secret,
                                        int64_t now_ms);

// Whether the tailnet asks for a second factor that was not given with this
// session: then it is good for setting one up, and nothing else.
bool NeedsSecondFactor(const TailnetSettings& settings,
                       const SessionRecord& session,
                       const LocalAccountRecord* account_or_null);

// The user's own, or by admins (RequireUser). NOT_FOUND.
absl::Status CloseSession(Directory& directory, const Order& order,
                          TailnetState& tailnet, SessionId id);
// All of `user` but `except`, which may be 0.
absl::Status CloseSessions(Directory& directory, const Order& order,
                           TailnetState& tailnet, UserId user,
                           SessionId except);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_SESSION_COMMANDS_H_
