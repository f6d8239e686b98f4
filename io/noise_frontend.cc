#include "io/noise_frontend.h"

#include <sys/epoll.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status_macros.h"
#include "io/acceptor.h"
#include "io/grpc_alive.h"
#include "io/noise_connection.h"
#include "io/open_files.h"
#include "io/tcp.h"

namespace warren::io {
namespace {

// For the rest of a channel to go when one side has closed.
constexpr absl::Duration kCloseTimeout = absl::Seconds(10);
// Of a channel: the socket and both ends of its pair.
constexpr size_t kFilesPerConnection = 3;
// Left for everything else: the database, the admin socket, gRPC itself.
constexpr size_t kOtherFiles = 200;

// `wanted`, or as many as there are descriptors for.
size_t ConnectionsThatFit(size_t wanted) {
  const size_t files = RaiseOpenFiles();
  const size_t room = files > kOtherFiles ? files - kOtherFiles : 0;
  return std::clamp<size_t>(room / kFilesPerConnection, 1, wanted);
}

}  // namespace

// All connections, on the loop's thread.
class NoiseFrontend::Door {
 public:
  Door(NoiseFrontendOptions options, crypto::MachinePrivateKey key,
       grpc::Server& server, ChannelRegistry& registry, Rng& rng,
       EventLoop& loop)
      : options_(std::move(options)),
        key_(std::move(key)),
        context_{key_, options_.site != nullptr, server, registry, rng},
        loop_(loop) {}
  ~Door() {
    while (!slots_.empty()) Drop(slots_.begin()->first);
  }

  absl::Status Open(Fd listener);
  NoiseFrontendCounters counters() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return counters_;
  }

 private:
  using Id = uint64_t;  // in order of arrival
  using State = NoiseConnection::State;
  struct Slot {
    std::unique_ptr<NoiseConnection> connection;
    Instant deadline;
    State state = State::kRequest;  // the last one accounted for
    bool socket_watched = false, inner_watched = false;
  };

  void OnConnection(Fd fd);
  bool MakeRoom();
  // Does what `connection` now wants: watches, deadline, counters, its end.
  void Follow(Id id);
  void Account(Id id, Slot& slot);
  void SetDeadline(Id id, Slot& slot, Instant deadline);
  void Rewatch(int fd, int events, bool& watched,
               std::function<void(uint32_t)> callback);
  void OnDeadline(Instant now);
  void GiveAway(Id id);
  void Drop(Id id);
  void Count(uint64_t NoiseFrontendCounters::*counter)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    ++(counters_.*counter);
  }

  const NoiseFrontendOptions options_;
  const crypto::MachinePrivateKey key_;
  const NoiseConnectionContext context_;
  EventLoop& loop_;
  std::unique_ptr<Acceptor> acceptor_;
  Id next_id_ = 0;
  std::map<Id, Slot> slots_;
  std::set<Id> young_;  // those that have not proven themselves
  std::set<std::pair<Instant, Id>> deadlines_;
  mutable absl::Mutex mutex_;
  NoiseFrontendCounters counters_ ABSL_GUARDED_BY(mutex_);
};

absl::Status NoiseFrontend::Door::Open(Fd listener) {
  acceptor_ = std::make_unique<Acceptor>(
      loop_, std::move(listener),
      [this](Fd fd) { OnConnection(std::move(fd)); });
  loop_.SetDeadline(
      [this] {
        return deadlines_.empty() ? Instant::Never()
                                  : deadlines_.begin()->first;
      },
      [this](Instant now) { OnDeadline(now); });
  return acceptor_->Start();
}

bool NoiseFrontend::Door::MakeRoom() {
  if (slots_.size() < options_.max_connections) return true;
  Count(&NoiseFrontendCounters::refused_full);
  if (young_.empty()) return false;
  Drop(*young_.begin());
  return true;
}

void NoiseFrontend::Door::OnConnection(Fd fd) {
  Count(&NoiseFrontendCounters::accepted);
  if (!MakeRoom()) return;
  Wire wire;
  if (options_.tls) wire = Wire(TlsSession::Accept(options_.tls));
  const Id id = next_id_++;
  Slot& slot = slots_[id];
  slot.connection = std::make_unique<NoiseConnection>(context_, std::move(fd),
                                                      std::move(wire));
  young_.insert(id);
  SetDeadline(id, slot, loop_.Now() + options_.handshake_timeout);
  Follow(id);
}

void NoiseFrontend::Door::Follow(Id id) {
  Slot& slot = slots_.at(id);
  NoiseConnection& connection = *slot.connection;
  Account(id, slot);
  if (connection.state() == State::kForeign) {
    GiveAway(id);
    return;
  }
  if (connection.state() == State::kDone) {
    Drop(id);
    return;
  }
  // A callback is gone when its connection is, so neither looks for it.
  Rewatch(connection.socket(), connection.SocketEvents(), slot.socket_watched,
          [this, id, &connection](uint32_t ready) {
            connection.OnSocket(ready);
            Follow(id);
          });
  Rewatch(connection.inner(), connection.InnerEvents(), slot.inner_watched,
          [this, id, &connection](uint32_t ready) {
            connection.OnInner(ready);
            Follow(id);
          });
}

void NoiseFrontend::Door::Account(Id id, Slot& slot) {
  const State before = slot.state;
  const State after = slot.connection->state();
  if (before == after) return;
  slot.state = after;
  const int answered = slot.connection->answered();
  if (before == State::kRequest && answered != 101) {
    if (answered == 403) Count(&NoiseFrontendCounters::bad_handshakes);
    if (answered == 400) Count(&NoiseFrontendCounters::bad_requests);
  }
  if (before <= State::kUnproven && after == State::kChannel) {
    Count(&NoiseFrontendCounters::channels);
    SetDeadline(id, slot, Instant::Never());
  }
  if (!slot.connection->young()) young_.erase(id);
  if (after == State::kClosing) {
    SetDeadline(id, slot, loop_.Now() + kCloseTimeout);
  }
}

void NoiseFrontend::Door::SetDeadline(Id id, Slot& slot, Instant deadline) {
  deadlines_.erase({slot.deadline, id});
  slot.deadline = deadline;
  if (!deadline.IsNever()) deadlines_.insert({deadline, id});
}

void NoiseFrontend::Door::Rewatch(int fd, int events, bool& watched,
                                  std::function<void(uint32_t)> callback) {
  if (events == NoisePump::kNothing) {
    if (watched) loop_.Unwatch(fd);
    watched = false;
  } else if (!watched) {
    watched =
        loop_.Watch(fd, static_cast<uint32_t>(events), std::move(callback))
            .ok();
  } else {
    // Fails only for a descriptor that is not watched.
    (void)loop_.SetEvents(fd, static_cast<uint32_t>(events));
  }
}

void NoiseFrontend::Door::OnDeadline(Instant now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const Id id = deadlines_.begin()->second;
    if (young_.contains(id)) Count(&NoiseFrontendCounters::timed_out);
    Drop(id);
  }
}

void NoiseFrontend::Door::GiveAway(Id id) {
  Slot& slot = slots_.at(id);
  if (slot.socket_watched) loop_.Unwatch(slot.connection->socket());
  slot.socket_watched = false;
  Handover given = slot.connection->Release();
  Drop(id);
  Count(&NoiseFrontendCounters::handed_over);
  options_.site(std::move(given));
}

void NoiseFrontend::Door::Drop(Id id) {
  Slot& slot = slots_.at(id);
  if (slot.socket_watched) loop_.Unwatch(slot.connection->socket());
  if (slot.inner_watched) loop_.Unwatch(slot.connection->inner());
  SetDeadline(id, slot, Instant::Never());
  young_.erase(id);
  slots_.erase(id);
}

NoiseFrontend::NoiseFrontend(std::unique_ptr<EventLoop> loop)
    : loop_(std::move(loop)) {}

absl::StatusOr<std::unique_ptr<NoiseFrontend>> NoiseFrontend::Start(
    NoiseFrontendOptions options, crypto::MachinePrivateKey key,
    grpc::Server& server, ChannelRegistry& registry, Rng& rng) {
  KeepGrpcAlive();
  WARREN_ASSIGN_OR_RETURN(auto loop, EventLoop::Create());
  WARREN_ASSIGN_OR_RETURN(Fd listener, ListenTcp(options.listen));
  options.max_connections = ConnectionsThatFit(options.max_connections);
  std::unique_ptr<NoiseFrontend> frontend(new NoiseFrontend(std::move(loop)));
  frontend->local_ = LocalEndpoint(listener);
  frontend->door_ =
      std::make_unique<Door>(std::move(options), std::move(key), server,
                             registry, rng, *frontend->loop_);
  WARREN_RETURN_IF_ERROR(frontend->door_->Open(std::move(listener)));
  frontend->thread_ =
      std::thread([loop = frontend->loop_.get()] { loop->Run(); });
  return frontend;
}

NoiseFrontend::~NoiseFrontend() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
}

NoiseFrontendCounters NoiseFrontend::counters() const {
  return door_->counters();
}

}  // namespace warren::io
