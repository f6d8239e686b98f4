#include "io/noise_door.h"

#include <sys/epoll.h>

#include <algorithm>

namespace warren::io {
namespace {

// How long a handshake that nobody follows up keeps others from theirs.
constexpr absl::Duration kUnprovenPatience = absl::Seconds(2);

}  // namespace

NoiseDoor::NoiseDoor(NoiseFrontendOptions options,
                     crypto::MachinePrivateKey key, RpcService& service,
                     std::shared_ptr<RpcOutbox> outbox, Rng& rng,
                     EventLoop& loop)
    : options_(std::move(options)),
      key_(std::move(key)),
      context_{
          key_, options_.site != nullptr, rng, {service, std::move(outbox)}},
      loop_(loop) {}

NoiseDoor::~NoiseDoor() {
  while (!all_.slots.empty()) Drop(all_.slots.begin()->first);
}

absl::Status NoiseDoor::Open(Fd listener) {
  acceptor_ = std::make_unique<Acceptor>(
      loop_, std::move(listener),
      [this](Fd fd) { OnConnection(std::move(fd)); });
  loop_.SetDeadline(
      [this] {
        return all_.deadlines.empty() ? Instant::Never()
                                      : all_.deadlines.begin()->first;
      },
      [this](Instant now) { OnDeadline(now); });
  return acceptor_->Start();
}

NoiseFrontendCounters NoiseDoor::counters() const {
  absl::MutexLock lock(&mutex_);
  return counters_;
}

void NoiseDoor::Count(uint64_t NoiseFrontendCounters::*counter) {
  absl::MutexLock lock(&mutex_);
  ++(counters_.*counter);
}

bool NoiseDoor::MakeRoom() {
  if (all_.slots.size() < options_.max_connections) return true;
  Count(&NoiseFrontendCounters::refused_full);
  if (all_.young.empty()) return false;
  Drop(*all_.young.begin());
  return true;
}

void NoiseDoor::OnConnection(Fd fd) {
  Count(&NoiseFrontendCounters::accepted);
  if (!MakeRoom()) return;
  Wire wire;
  if (options_.tls) wire = Wire(TlsSession::Accept(options_.tls));
  const Id id = all_.next_id++;
  Slot& slot = all_.slots[id];
  slot.connection = std::make_unique<NoiseConnection>(
      context_, id, std::move(fd), std::move(wire));
  all_.young.insert(id);
  SetDeadline(id, slot, loop_.Now() + options_.handshake_timeout);
  Follow(id);
}

void NoiseDoor::Follow(Id id) {
  Slot& slot = all_.slots.at(id);
  NoiseConnection& connection = *slot.connection;
  const State before = slot.state;
  Account(id, slot);
  switch (connection.state()) {
    case State::kForeign:
      GiveAway(id);
      return;
    case State::kDone:
      Drop(id);
      return;
    case State::kAsking:
      if (before != State::kAsking) {
        OnAsking(id);
        return;
      }
      break;
    default:
      break;
  }
  Watch(id, slot);
}

void NoiseDoor::OnAsking(Id id) {
  if (all_.line.size() >= options_.max_line) {
    Count(&NoiseFrontendCounters::told_to_wait);
    const absl::Duration wait =
        retries_.Next(loop_.Now(), all_.line.size() + all_.unproven.size());
    all_.slots.at(id).connection->Refuse(static_cast<int>(
        absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)))));
    Follow(id);
    return;
  }
  all_.line.insert(id);
  Count(&NoiseFrontendCounters::in_line);
  Watch(id, all_.slots.at(id));
  AdmitFromLine();
}

void NoiseDoor::AdmitFromLine() {
  while (!all_.line.empty() && all_.unproven.size() < options_.max_handshakes) {
    const Id id = *all_.line.begin();
    LeaveLine(id);
    all_.slots.at(id).connection->Admit();
    Follow(id);
  }
  // Whoever holds a place without using it makes room for those who wait.
  if (!all_.line.empty() && !all_.unproven.empty()) {
    const Id id = *all_.unproven.begin();
    Slot& slot = all_.slots.at(id);
    const Instant soon = loop_.Now() + kUnprovenPatience;
    if (soon < slot.deadline) SetDeadline(id, slot, soon);
  }
}

void NoiseDoor::LeaveLine(Id id) {
  if (all_.line.erase(id) == 0) return;
  absl::MutexLock lock(&mutex_);
  --counters_.in_line;
}

void NoiseDoor::Account(Id id, Slot& slot) {
  const State before = slot.state;
  const State after = slot.connection->state();
  if (before == after) return;
  slot.state = after;
  const int answered = slot.connection->answered();
  if (before <= State::kAsking && after >= State::kAnswering) {
    if (answered == 403) Count(&NoiseFrontendCounters::bad_handshakes);
    if (answered == 400) Count(&NoiseFrontendCounters::bad_requests);
  }
  if (after == State::kUnproven) all_.unproven.insert(id);
  if (before <= State::kUnproven && after == State::kChannel) {
    OnChannel(id, slot);
  }
  if (!slot.connection->young()) {
    all_.young.erase(id);
    if (all_.unproven.erase(id) && !all_.line.empty()) {
      loop_.Post([this] { AdmitFromLine(); });
    }
  }
}

void NoiseDoor::OnChannel(Id id, Slot& slot) {
  Count(&NoiseFrontendCounters::channels);
  retries_.OnAdmitted();
  slot.is_channel = true;
  SetDeadline(id, slot, Instant::Never());
  all_.strangers.insert(id);
  if (all_.strangers.size() <= options_.max_strangers) return;
  const Id oldest = *all_.strangers.begin();
  if (oldest == id) return;
  Count(&NoiseFrontendCounters::strangers_dropped);
  Drop(oldest);
}

void NoiseDoor::Deliver(std::vector<RpcOutbox::Item> items) {
  for (size_t i = 0; i < items.size(); ++i) {
    // Freed here: of all of them that is a lot.
    const RpcOutbox::Item item = std::move(items[i]);
    const auto found = all_.slots.find(item.connection);
    if (found == all_.slots.end()) continue;
    NoiseConnection& connection = *found->second.connection;
    if (connection.rpc() == nullptr) continue;
    if (item.kind == RpcOutbox::Kind::kWelcome) {
      all_.strangers.erase(item.connection);
    } else {
      connection.rpc()->Deliver(item);
    }
    // An answer and its end go together.
    if (i + 1 < items.size() && items[i + 1].connection == item.connection) {
      continue;
    }
    connection.rpc()->Flush();
    connection.Follow();
    Follow(item.connection);
  }
}

void NoiseDoor::SetDeadline(Id id, Slot& slot, Instant deadline) {
  all_.deadlines.erase({slot.deadline, id});
  slot.deadline = deadline;
  if (!deadline.IsNever()) all_.deadlines.insert({deadline, id});
}

void NoiseDoor::Watch(Id id, Slot& slot) {
  NoiseConnection& connection = *slot.connection;
  if (slot.watched) {
    // Fails only for a descriptor that is not watched.
    (void)loop_.SetEvents(connection.socket(), connection.Events());
    return;
  }
  // The callback is gone when its connection is, so it does not look for it.
  slot.watched = loop_
                     .Watch(connection.socket(), connection.Events(),
                            [this, id, &connection](uint32_t ready) {
                              connection.OnSocket(ready);
                              Follow(id);
                            })
                     .ok();
}

void NoiseDoor::OnDeadline(Instant now) {
  while (!all_.deadlines.empty() && all_.deadlines.begin()->first <= now) {
    const Id id = all_.deadlines.begin()->second;
    if (all_.young.contains(id)) Count(&NoiseFrontendCounters::timed_out);
    Drop(id);
  }
}

void NoiseDoor::GiveAway(Id id) {
  Slot& slot = all_.slots.at(id);
  if (slot.watched) loop_.Unwatch(slot.connection->socket());
  slot.watched = false;
  Handover given = slot.connection->Release();
  Drop(id);
  Count(&NoiseFrontendCounters::handed_over);
  options_.site(std::move(given));
}

void NoiseDoor::Drop(Id id) {
  const auto found = all_.slots.find(id);
  Slot& slot = found->second;
  if (slot.watched) loop_.Unwatch(slot.connection->socket());
  SetDeadline(id, slot, Instant::Never());
  all_.young.erase(id);
  LeaveLine(id);
  all_.strangers.erase(id);
  if (all_.unproven.erase(id) && !all_.line.empty()) {
    loop_.Post([this] { AdmitFromLine(); });
  }
  if (slot.is_channel) Count(&NoiseFrontendCounters::channels_ended);
  all_.slots.erase(found);
  if (!draining_ || !all_.slots.empty()) return;
  absl::MutexLock lock(&mutex_);
  drained_ = true;
}

void NoiseDoor::Drain() {
  draining_ = true;
  acceptor_.reset();
  std::vector<Id> ids;
  for (const auto& [id, slot] : all_.slots) ids.push_back(id);
  for (const Id id : ids) {
    NoiseConnection& connection = *all_.slots.at(id).connection;
    if (connection.rpc() == nullptr) {
      Drop(id);
      continue;
    }
    connection.rpc()->GoAway();
    connection.rpc()->Flush();
    connection.Follow();
    Follow(id);
  }
  absl::MutexLock lock(&mutex_);
  drained_ = all_.slots.empty();
}

void NoiseDoor::AwaitDrained() {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&drained_), options_.drain);
}

}  // namespace warren::io
