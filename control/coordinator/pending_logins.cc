#include "control/coordinator/pending_logins.h"

#include <algorithm>

#include "control/identity/key_text.h"

namespace warren::control {
namespace {

// Whether both ask for the same, as far as a person is shown.
bool AskTheSame(const RegisterCommand& a, const RegisterCommand& b) {
  return a.node_key == b.node_key && a.wanted_name == b.wanted_name &&
         a.host == b.host && a.ephemeral == b.ephemeral &&
         a.wishes == b.wishes && a.source == b.source;
}

}  // namespace

const PendingLogin& PendingLogins::Add(const RegisterCommand& command,
                                       int64_t now_ms, Rng& rng) {
  OnTime(now_ms);
  const auto open = open_.find(command.machine);
  if (open != open_.end()) {
    PendingLogin& login = open->second->login;
    if (AskTheSame(login.command, command)) {
      login.command = command;
      return login;
    }
    Remove(open->second);
  }
  if (entries_.size() >= kMaxPendingLogins) MakeRoom();
  entries_.push_back({});
  const auto entry = std::prev(entries_.end());
  entry->login.id = RandomText(kKeySecretSize, rng);
  entry->login.command = command;
  entry->login.created_ms = now_ms;
  by_id_[entry->login.id] = entry;
  open_[command.machine] = entry;
  ++by_source_[command.source];
  return entry->login;
}

PendingLogin* PendingLogins::Find(absl::string_view id, int64_t now_ms) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  PendingLogin& login = found->second->login;
  return login.expires_ms() > now_ms ? &login : nullptr;
}

void PendingLogins::Wait(const std::string& id, int64_t now_ms,
                         std::function<void()> wake) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return wake();
  Entry& entry = *found->second;
  Wake(entry);
  entry.wake = std::move(wake);
  entry.wake_at_ms = std::min(now_ms + kMaxFollowMs, entry.login.expires_ms());
  due_.insert({entry.wake_at_ms, id});
}

void PendingLogins::Wake(Entry& entry) {
  if (!entry.wake) return;
  due_.erase({entry.wake_at_ms, entry.login.id});
  std::exchange(entry.wake, nullptr)();
}

void PendingLogins::Close(PendingLogin& login) {
  const auto open = open_.find(login.command.machine);
  if (open != open_.end() && open->second->login.id == login.id) {
    open_.erase(open);
  }
  Wake(*by_id_.find(login.id)->second);
}

void PendingLogins::Reopen(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  PendingLogin& login = found->second->login;
  login.state = LoginState::kOpen;
  login.answered_by.clear();
  login.user = UserId();
  open_.insert({login.command.machine, found->second});
}

void PendingLogins::Remove(Entries::iterator entry) {
  Wake(*entry);
  const auto open = open_.find(entry->login.command.machine);
  if (open != open_.end() && open->second == entry) open_.erase(open);
  const auto source = by_source_.find(entry->login.command.source);
  if (--source->second == 0) by_source_.erase(source);
  by_id_.erase(entry->login.id);
  entries_.erase(entry);
}

void PendingLogins::MakeRoom() {
  const auto most = std::max_element(
      by_source_.begin(), by_source_.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto of_source = [&most](const Entry& entry) {
    return entry.login.command.source == most->first;
  };
  auto victim =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return of_source(entry) && entry.login.state == LoginState::kOpen;
      });
  if (victim == entries_.end()) {
    victim = std::find_if(entries_.begin(), entries_.end(), of_source);
  }
  Remove(victim);
}

void PendingLogins::OnTime(int64_t now_ms) {
  while (!due_.empty() && due_.begin()->first <= now_ms) {
    Wake(*by_id_.find(due_.begin()->second)->second);
  }
  while (!entries_.empty() && entries_.front().login.expires_ms() <= now_ms) {
    Remove(entries_.begin());
  }
}

std::optional<int64_t> PendingLogins::NextDeadlineMs() const {
  if (entries_.empty()) return std::nullopt;
  const int64_t expiry = entries_.front().login.expires_ms();
  return due_.empty() ? expiry : std::min(expiry, due_.begin()->first);
}

}  // namespace warren::control
