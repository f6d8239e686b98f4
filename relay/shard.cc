#include "relay/shard.h"

#include <sys/epoll.h>

#include <optional>

#include "spdlog/spdlog.h"

namespace warren::relay {
namespace {

constexpr size_t kReadSize = 64 * 1024;
// Written at once: some full TLS records.
constexpr size_t kWriteSize = 64 * 1024;

}  // namespace

struct Shard::Served {
  ClientId id;
  Transport transport;
  ConnectionSlot slot;
  bool blocked = false;       // the socket takes no more
  size_t unacknowledged = 0;  // while blocked, when last looked
  bool over_rate = false;     // in waiting_.rate
  bool held = false;          // in waiting_.held
  bool finished = false;      // shutting down, all is written
};

absl::StatusOr<std::unique_ptr<Shard>> Shard::Create(
    const Config& config, const Front::Settings& front, Rng& rng) {
  auto loop = io::EventLoop::Create();
  if (!loop.ok()) return loop.status();
  return std::unique_ptr<Shard>(
      new Shard(config, front, rng, *std::move(loop)));
}

Shard::Shard(const Config& config, const Front::Settings& front, Rng& rng,
             std::unique_ptr<io::EventLoop> loop)
    : config_(config),
      loop_(std::move(loop)),
      relay_(config, *front.key, rng),
      front_(*loop_, front,
             [this](Arrival arrival) { OnArrival(std::move(arrival)); }) {
  waiting_.held.resize(config.num_shards);
  buffers_.wire.resize(kReadSize);
  buffers_.plain.resize(kReadSize + Transport::kMaxHeld);
  loop_->SetDeadline([this] { return Next(); },
                     [this](Instant now) { OnTimeout(now); });
  loop_->SetTurnEnd([this] { OnTurnEnd(); });
}

Shard::~Shard() {
  while (!served_.empty()) Forget(served_.begin()->first);
}

absl::Status Shard::Listen(io::Fd listener) {
  acceptor_ = std::make_unique<io::Acceptor>(
      *loop_, std::move(listener),
      [this](io::Fd fd) { front_.OnAccepted(std::move(fd)); });
  return acceptor_->Start();
}

Shard::Served* Shard::Find(ClientId id) const {
  const auto it = served_.find(id);
  return it == served_.end() ? nullptr : it->second.get();
}

void Shard::OnArrival(Arrival arrival) {
  Shard* const home = shards_[ShardOf(arrival.key, config_.num_shards)];
  if (home == this) {
    Adopt(std::move(arrival));
    return;
  }
  // A std::function must be copyable; this one is called once.
  auto moved = std::make_shared<Arrival>(std::move(arrival));
  home->loop_->Post([home, moved] { home->Adopt(std::move(*moved)); });
}

void Shard::Adopt(Arrival arrival) {
  if (!waiting_.drained_by.IsNever()) return;
  const auto id = relay_.Register(loop_->Now(), arrival.key);
  if (!id.ok()) return;
  const int fd = arrival.transport.fd();
  const absl::Status watched = loop_->Watch(
      fd, EPOLLIN, [this, id = *id](uint32_t events) { OnReady(id, events); });
  if (!watched.ok()) {
    relay_.OnDisconnected(*id);
    return;
  }
  spdlog::debug("client arrived key={} remote={}", arrival.key.ShortString(),
                arrival.remote.ToString());
  served_.emplace(
      *id, std::make_unique<Served>(Served{*id, std::move(arrival.transport),
                                           std::move(arrival.slot)}));
  OnBytes(*id, arrival.rest);
}

void Shard::OnReady(ClientId id, uint32_t events) {
  Served* served = Find(id);
  if (served == nullptr) return;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    Disconnect(id);
    return;
  }
  if ((events & EPOLLOUT) != 0) {
    WriteTo(*served);
    served = Find(id);
    if (served == nullptr) return;
  }
  if ((events & EPOLLIN) == 0 || served->held || served->over_rate) return;
  const auto n = served->transport.Read(buffers_.wire, buffers_.plain);
  if (!n.ok()) {
    Disconnect(id);
    return;
  }
  OnBytes(id, Bytes(buffers_.plain).first(*n));
}

void Shard::OnBytes(ClientId id, Bytes stream) {
  const Instant now = loop_->Now();
  while (relay_.FromClient(now, id, stream) == Progress::kDrainFirst) {
    SendToShards();
    Drain();
  }
  SendToShards();
  Served* const served = Find(id);
  if (served == nullptr) return;
  // TLS may have something of its own to say.
  if (served->transport.pending() > 0 && !served->blocked) WriteTo(*served);
  const Instant readable_at = relay_.ReadableAt(id);
  if (readable_at <= now || Find(id) == nullptr) return;
  served->over_rate = true;
  waiting_.rate.insert({readable_at.SinceEpoch(), id});
  UpdateEvents(*served);
}

void Shard::SendToShards() {
  while (auto message = relay_.PollShardMessage()) {
    const uint32_t to = message->to_shard;
    const auto* packet = std::get_if<PacketToShard>(&message->body);
    const auto origin =
        packet ? std::optional<ClientId>(packet->origin) : std::nullopt;
    Shard* const shard = shards_[to];
    const auto pushed =
        shard->mailbox_.Push(*std::move(message), config_.shard);
    if (pushed.was_empty) shard->loop_->Post([shard] { shard->OnMailbox(); });
    if (pushed.dropped) relay_.OnShardBusy();
    if (!pushed.hold) continue;
    if (Served* const served = Find(*origin)) Hold(*served, to);
  }
}

void Shard::Hold(Served& served, uint32_t shard) {
  if (served.held) return;
  served.held = true;
  waiting_.held[shard].push_back(served.id);
  UpdateEvents(served);
}

void Shard::OnMailbox() {
  auto [messages, waiters] = mailbox_.TakeAll();
  for (const uint32_t waiter : waiters) {
    Shard* const shard = shards_[waiter];
    shard->loop_->Post([shard, me = config_.shard] { shard->Resume(me); });
  }
  const Instant now = loop_->Now();
  for (ShardMessage& message : messages) {
    if (relay_.wants_drain()) Drain();
    relay_.FromShard(now, std::move(message));
  }
}

void Shard::Resume(uint32_t shard) {
  for (const ClientId id : std::exchange(waiting_.held[shard], {})) {
    Served* const served = Find(id);
    if (served == nullptr) continue;
    served->held = false;
    UpdateEvents(*served);
  }
}

void Shard::Drain() {
  while (const auto id = relay_.PollReady()) {
    if (Served* const served = Find(*id)) WriteTo(*served);
  }
}

void Shard::WriteTo(Served& served) {
  const ClientId id = served.id;
  while (true) {
    const auto sent = served.transport.Flush();
    if (!sent.ok()) {
      Disconnect(id);
      return;
    }
    if (served.transport.pending() > 0) {
      const Instant now = loop_->Now();
      if (!served.blocked) {
        relay_.OnBlocked(now, id);
        SetBlocked(served, true);
      } else if (*sent > 0) {
        relay_.OnProgress(now, id);
      }
      return;
    }
    buffers_.out.clear();
    if (!relay_.TakeOutput(id, kWriteSize, buffers_.out)) break;
    if (!served.transport.Write(buffers_.out).ok()) {
      Disconnect(id);
      return;
    }
  }
  if (!served.blocked) return;
  relay_.OnUnblocked(id);
  SetBlocked(served, false);
}

void Shard::SetBlocked(Served& served, bool blocked) {
  served.blocked = blocked;
  if (blocked) {
    served.unacknowledged = served.transport.unacknowledged();
    waiting_.blocked.insert(served.id);
    waiting_.probe_at = std::min(waiting_.probe_at, loop_->Now() + kProbe);
  } else {
    waiting_.blocked.erase(served.id);
  }
  UpdateEvents(served);
}

void Shard::ProbeBlocked(Instant now) {
  waiting_.probe_at =
      waiting_.blocked.empty() ? Instant::Never() : now + kProbe;
  for (const ClientId id : waiting_.blocked) {
    Served& served = *Find(id);
    const size_t bytes = served.transport.unacknowledged();
    if (bytes < served.unacknowledged) relay_.OnProgress(now, id);
    served.unacknowledged = bytes;
  }
}

void Shard::UpdateEvents(Served& served) {
  const bool read = !served.held && !served.over_rate;
  const uint32_t in = read ? uint32_t{EPOLLIN} : 0u;
  const uint32_t out = served.blocked ? uint32_t{EPOLLOUT} : 0u;
  // Fails only without memory; the client is then found by its deadlines.
  (void)loop_->SetEvents(served.transport.fd(), in | out);
}

void Shard::Disconnect(ClientId id) {
  relay_.OnDisconnected(id);
  Forget(id);
}

void Shard::Forget(ClientId id) {
  const auto it = served_.find(id);
  if (it == served_.end()) return;
  loop_->Unwatch(it->second->transport.fd());
  waiting_.blocked.erase(id);
  served_.erase(it);
}

Instant Shard::Next() const {
  Instant next = std::min(
      {front_.Next(), relay_.Next(), waiting_.probe_at, waiting_.drained_by});
  if (second_front_ != nullptr) next = std::min(next, second_front_->Next());
  if (!waiting_.rate.empty()) {
    next = std::min(next, Instant::FromEpoch(waiting_.rate.begin()->first));
  }
  return next;
}

void Shard::OnTimeout(Instant now) {
  front_.OnTimeout(now);
  if (waiting_.probe_at <= now) ProbeBlocked(now);
  relay_.OnTimeout(now);
  if (second_front_ != nullptr) second_front_->OnTimeout(now);
  while (!waiting_.rate.empty() &&
         waiting_.rate.begin()->first <= now.SinceEpoch()) {
    const ClientId id = waiting_.rate.begin()->second;
    waiting_.rate.erase(waiting_.rate.begin());
    if (Served* const served = Find(id)) {
      served->over_rate = false;
      UpdateEvents(*served);
    }
  }
  if (waiting_.drained_by <= now) loop_->Stop();
}

void Shard::OnTurnEnd() {
  Drain();
  while (const auto closed = relay_.PollClosed()) {
    spdlog::debug("client closed reason={}", LabelOf(closed->reason));
    Forget(closed->client);
  }
  SendToShards();
  {
    absl::MutexLock lock(&report_mutex_);
    report_ = {relay_.counters(), front_.refused(), front_.failed_logins()};
  }
  if (waiting_.drained_by.IsNever()) return;
  for (auto& [id, served] : served_) {
    if (served->finished || served->transport.pending() > 0) continue;
    served->finished = true;
    served->transport.FinishWriting();
  }
  if (served_.empty()) loop_->Stop();
}

void Shard::BeginShutdown() {
  loop_->Post([this] { StartDraining(); });
}

void Shard::StartDraining() {
  if (!waiting_.drained_by.IsNever()) return;
  acceptor_.reset();
  waiting_.drained_by = loop_->Now() + kDrain;
  relay_.AnnounceRestart(absl::Seconds(1), absl::Minutes(2));
}

Shard::Report Shard::report() const {
  absl::MutexLock lock(&report_mutex_);
  return report_;
}

}  // namespace warren::relay
