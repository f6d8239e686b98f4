#ifndef WARREN_CONTROL_COORDINATOR_PENDING_LOGINS_H_
#define WARREN_CONTROL_COORDINATOR_PENDING_LOGINS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "control/coordinator/register_command.h"
#include "core/base/rng.h"

namespace warren::control {

// The id follows: PUBLIC_URL + this + id.
inline constexpr char kLoginPath[] = "/login/";
inline constexpr int64_t kLoginTimeMs = 15 * 60 * 1000;
inline constexpr int64_t kMaxFollowMs = 60 * 1000;
// When there are as many, the source with most of them loses its oldest: a
// flood from one address pushes out only itself.
inline constexpr size_t kMaxPendingLogins = 4096;

enum class LoginState { kOpen, kConfirmed, kRefused };

// A device that waits for a person; see pending_login.h.
struct PendingLogin {
  std::string id;  // 32 characters, 160 random bits
  RegisterCommand command;
  int64_t created_ms = 0;
  LoginState state = LoginState::kOpen;
  std::string answered_by;  // the login of who confirmed or refused
  UserId user;              // the same
  TailnetId tailnet;        // kConfirmed
  NodeId node;              // kConfirmed

  int64_t expires_ms() const { return created_ms + kLoginTimeMs; }
};

// All of them, in memory alone: a device whose login is forgotten is given
// another. A machine has at most one that is open. Not thread-safe.
class PendingLogins {
 public:
  // The open login of this machine, if it asked for the very same; else a new
  // one in its place.
  const PendingLogin& Add(const RegisterCommand& command, int64_t now_ms,
                          Rng& rng);
  // nullptr: unknown, or over its time.
  PendingLogin* Find(absl::string_view id, int64_t now_ms);

  // Calls `wake` once: when the login is answered or goes, after kMaxFollowMs,
  // or when another waits for it. It must not block, nor call back.
  void Wait(const std::string& id, int64_t now_ms, std::function<void()> wake);
  // The login was answered: its state says how.
  void Close(PendingLogin& login);
  // It was not, after all.
  void Reopen(const std::string& id);

  // Does what is due, and when that is next.
  void OnTime(int64_t now_ms);
  std::optional<int64_t> NextDeadlineMs() const;

  size_t size() const { return by_id_.size(); }

 private:
  struct Entry {
    PendingLogin login;
    std::function<void()> wake;
    int64_t wake_at_ms = 0;  // with `wake`
  };
  using Entries = std::list<Entry>;  // oldest first

  void Remove(Entries::iterator entry);
  void MakeRoom();
  void Wake(Entry& entry);

  Entries entries_;
  std::map<std::string, Entries::iterator, std::less<>> by_id_;
  std::map<crypto::MachineKey, Entries::iterator> open_;
  std::map<std::string, size_t> by_source_;        // how many of each
  std::set<std::pair<int64_t, std::string>> due_;  // whom to wake when
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_PENDING_LOGINS_H_
