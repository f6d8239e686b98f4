#include "io/http_server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status_macros.h"
#include "io/event_loop.h"
#include "io/http_inbox.h"
#include "io/http_reply.h"
#include "io/http_workers.h"

namespace warren::io {
namespace {

// For a client to take an answer, and to end after the last one.
constexpr absl::Duration kWriteTime = absl::Seconds(30);
constexpr absl::Duration kLingerTime = absl::Seconds(2);
// Of the next request, read while one is being answered.
constexpr size_t kReadAhead = 64 * 1024;

enum class State : uint8_t {
  kReading,    // a request, or waiting for one
  kHandling,   // a worker has it
  kAnswering,  // then it reads again
  kEnding,     // sending the last answer
  kLingering,  // all is sent: what comes is dropped until the client ends
};

struct Connection {
  Fd fd;
  Wire wire;
  net::Endpoint remote;
  HttpInbox inbox;
  State state = State::kReading;
  ReplyTo reply_to;
  Instant deadline;
  std::pair<State, HttpInbox::Phase> timed;  // what the deadline is for
  bool watched = false;
};

constexpr std::pair kIdle(State::kReading, HttpInbox::Phase::kIdle);

}  // namespace

void WebRoutes::Add(std::string prefix, WebHandler handler, int max_at_once) {
  const auto place = std::ranges::find_if(routes_, [&](const Route& route) {
    return route.prefix.size() < prefix.size();
  });
  routes_.insert(place, {std::move(prefix), std::move(handler), max_at_once});
}

const WebRoutes::Route* WebRoutes::Find(absl::string_view path) const {
  for (const Route& route : routes_) {
    const absl::string_view prefix = route.prefix;
    if (!absl::StartsWith(path, prefix)) continue;
    if (absl::EndsWith(prefix, "/") || path.size() == prefix.size() ||
        path[prefix.size()] == '/') {
      return &route;
    }
  }
  return nullptr;
}

// All connections, on the loop's thread.
class HttpServer::Loop {
 public:
  Loop(HttpServerOptions options, std::unique_ptr<EventLoop> loop)
      : options_(std::move(options)),
        loop_(std::move(loop)),
        workers_(std::make_unique<HttpWorkers>(options_.num_workers)) {}
  ~Loop();
  void Start();
  void Take(Handover given);
  HttpServerCounters counters() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return counters_;
  }

 private:
  using Id = uint64_t;
  void OnConnection(Handover given);
  bool MakeRoom();
  void OnReady(Id id, uint32_t ready);
  // False: the connection is at its end.
  bool Read(Connection& connection);
  bool Flush(Connection& connection);
  // Does what the bytes that are there allow, then waits for more.
  void Follow(Id id);
  void Step(Id id);
  void OnRequest(Id id, Connection& connection, HttpInbox::Whole whole);
  void OnAnswer(Id id, const WebReply& reply);
  void Answer(Connection& connection, const WebReply& reply);
  void Refuse(Connection& connection, int status, absl::string_view why);
  void GiveAway(Id id);
  void SetDeadline(Id id);
  absl::Duration TimeFor(State state, HttpInbox::Phase phase) const;
  void Rewatch(Id id);
  void OnDeadline(Instant now);
  void Drop(Id id);
  void Count(uint64_t HttpServerCounters::*counter)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    ++(counters_.*counter);
  }

  const HttpServerOptions options_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<HttpWorkers> workers_;
  Id next_id_ = 0;
  std::map<Id, Connection> connections_;
  std::set<std::pair<Instant, Id>> deadlines_;
  mutable absl::Mutex mutex_;
  HttpServerCounters counters_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

void HttpServer::Loop::Start() {
  loop_->SetDeadline(
      [this] {
        return deadlines_.empty() ? Instant::Never()
                                  : deadlines_.begin()->first;
      },
      [this](Instant now) { OnDeadline(now); });
  thread_ = std::thread([this] { loop_->Run(); });
}

HttpServer::Loop::~Loop() {
  workers_.reset();
  loop_->Stop();
  if (thread_.joinable()) thread_.join();
  while (!connections_.empty()) Drop(connections_.begin()->first);
}

void HttpServer::Loop::Take(Handover given) {
  // A task must be copyable.
  auto shared = std::make_shared<Handover>(std::move(given));
  loop_->Post([this, shared] { OnConnection(std::move(*shared)); });
}

void HttpServer::Loop::OnConnection(Handover given) {
  Count(&HttpServerCounters::connections);
  if (!MakeRoom()) return;
  const Id id = next_id_++;
  Connection& connection = connections_[id];
  connection.fd = std::move(given.socket);
  connection.wire = std::move(given.wire);
  connection.remote = given.remote;
  connection.inbox.Add(given.plain);
  // It has begun to speak already.
  connection.timed = {State::kReading, HttpInbox::Phase::kHead};
  connection.deadline = loop_->Now() + options_.head_time;
  deadlines_.insert({connection.deadline, id});
  Follow(id);
}

bool HttpServer::Loop::MakeRoom() {
  if (connections_.size() < options_.max_connections) return true;
  Count(&HttpServerCounters::refused_full);
  for (const auto& [deadline, id] : deadlines_) {
    const Connection& connection = connections_.at(id);
    if (connection.timed == kIdle) {
      Drop(id);
      return true;
    }
  }
  return false;
}

void HttpServer::Loop::OnReady(Id id, uint32_t ready) {
  Connection& connection = connections_.at(id);
  const bool broken = ready & (EPOLLERR | EPOLLHUP);
  bool alive = !(ready & EPOLLOUT) || Flush(connection);
  if (alive && (ready & EPOLLIN)) alive = Read(connection);
  if (!alive || (broken && !(ready & EPOLLIN))) {
    Drop(id);
    return;
  }
  Follow(id);
}

bool HttpServer::Loop::Read(Connection& connection) {
  std::array<uint8_t, 16 * 1024> buffer;
  const ssize_t n = recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  std::vector<uint8_t> plain;
  const absl::Status status = connection.wire.FromSocket(
      Bytes(buffer).first(static_cast<size_t>(n)), plain);
  if (!status.ok() || connection.wire.peer_closed()) return false;
  if (connection.state < State::kEnding) connection.inbox.Add(plain);
  return true;
}

bool HttpServer::Loop::Flush(Connection& connection) {
  while (!connection.wire.ToSocket().empty()) {
    const Bytes bytes = connection.wire.ToSocket();
    const ssize_t n =
        send(connection.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    connection.wire.Sent(static_cast<size_t>(n));
  }
  if (connection.state == State::kAnswering) connection.state = State::kReading;
  if (connection.state == State::kEnding) {
    shutdown(connection.fd.get(), SHUT_WR);
    connection.state = State::kLingering;
  }
  return true;
}

void HttpServer::Loop::Follow(Id id) {
  State stepped = State::kReading;
  do {
    Step(id);
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;  // given away
    stepped = found->second.state;
    if (!Flush(found->second)) {
      Drop(id);
      return;
    }
    // Answered at once: what has come behind the request is next.
  } while (stepped == State::kAnswering &&
           connections_.at(id).state == State::kReading);
  SetDeadline(id);
  Rewatch(id);
}

void HttpServer::Loop::Step(Id id) {
  Connection& connection = connections_.at(id);
  while (connection.state == State::kReading) {
    auto step = connection.inbox.Next();
    if (std::holds_alternative<HttpInbox::NeedMore>(step)) return;
    if (auto* refusal = std::get_if<WebRefusal>(&step)) {
      Refuse(connection, refusal->status, refusal->why);
    } else if (std::holds_alternative<HttpInbox::Continue>(step)) {
      // Fails only on a connection that is ending.
      (void)connection.wire.Write(AsBytes("HTTP/1.1 100 Continue\r\n\r\n"));
    } else if (auto* whole = std::get_if<HttpInbox::Whole>(&step)) {
      OnRequest(id, connection, std::move(*whole));
    } else {
      GiveAway(id);
      return;
    }
  }
}

void HttpServer::Loop::OnRequest(Id id, Connection& connection,
                                 HttpInbox::Whole whole) {
  Count(&HttpServerCounters::requests);
  WebRequest& request = whole.request;
  SetClient(connection.remote.address(), options_.tls, options_.trusted_proxies,
            request);
  connection.reply_to = {whole.keep_alive, request.method == "HEAD",
                         request.secure};
  const WebRoutes::Route* route = options_.routes.Find(request.path);
  if (route == nullptr) {
    Answer(connection, PlainReply(404, "there is nothing here"));
    return;
  }
  connection.state = State::kHandling;
  const bool taken =
      workers_->Run(*route, std::move(request), [this, id](WebReply reply) {
        loop_->Post(
            [this, id, reply = std::move(reply)] { OnAnswer(id, reply); });
      });
  if (taken) return;
  Count(&HttpServerCounters::busy);
  WebReply busy = PlainReply(503, "busy: try again in a moment");
  busy.headers.emplace_back("Retry-After", "1");
  Answer(connection, busy);
}

void HttpServer::Loop::OnAnswer(Id id, const WebReply& reply) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;  // It did not wait.
  Answer(found->second, reply);
  if (!Flush(found->second)) {
    Drop(id);
    return;
  }
  Follow(id);
}

void HttpServer::Loop::Answer(Connection& connection, const WebReply& reply) {
  const std::string bytes = WriteReply(reply, connection.reply_to);
  const bool written = connection.wire.Write(AsBytes(bytes)).ok();
  const bool goes_on = connection.reply_to.keep_alive && written;
  if (!goes_on) connection.wire.Close();
  connection.state = goes_on ? State::kAnswering : State::kEnding;
}

void HttpServer::Loop::Refuse(Connection& connection, int status,
                              absl::string_view why) {
  Count(&HttpServerCounters::malformed);
  connection.reply_to = {false, false, options_.tls};
  Answer(connection, PlainReply(status, why));
}

void HttpServer::Loop::GiveAway(Id id) {
  Connection& connection = connections_.at(id);
  if (connection.watched) loop_->Unwatch(connection.fd.get());
  connection.watched = false;
  Handover given{std::move(connection.fd), std::move(connection.wire),
                 connection.inbox.Rest(), connection.remote};
  Drop(id);
  if (options_.http2) options_.http2(std::move(given));
}

absl::Duration HttpServer::Loop::TimeFor(State state,
                                         HttpInbox::Phase phase) const {
  switch (state) {
    case State::kHandling:
      return absl::InfiniteDuration();
    case State::kAnswering:
    case State::kEnding:
      return kWriteTime;
    case State::kLingering:
      return kLingerTime;
    case State::kReading:
      break;
  }
  switch (phase) {
    case HttpInbox::Phase::kIdle:
      return options_.idle_time;
    case HttpInbox::Phase::kHead:
      return options_.head_time;
    case HttpInbox::Phase::kBody:
      break;
  }
  return options_.body_time;
}

void HttpServer::Loop::SetDeadline(Id id) {
  Connection& connection = connections_.at(id);
  const std::pair now_in(connection.state, connection.inbox.phase());
  // Anew only with something new: a byte now and then gains no time.
  if (connection.timed == now_in) return;
  connection.timed = now_in;
  deadlines_.erase({connection.deadline, id});
  connection.deadline = loop_->Now() + TimeFor(now_in.first, now_in.second);
  if (!connection.deadline.IsNever()) {
    deadlines_.insert({connection.deadline, id});
  }
}

void HttpServer::Loop::Rewatch(Id id) {
  Connection& connection = connections_.at(id);
  const bool waits = connection.state == State::kHandling ||
                     connection.state == State::kAnswering;
  uint32_t events = 0;
  if (!waits || connection.inbox.size() < kReadAhead) events |= EPOLLIN;
  if (!connection.wire.ToSocket().empty()) events |= EPOLLOUT;
  if (connection.watched) {
    // Fails only for a descriptor that is not watched.
    (void)loop_->SetEvents(connection.fd.get(), events);
    return;
  }
  connection.watched =
      loop_
          ->Watch(connection.fd.get(), events,
                  [this, id](uint32_t ready) { OnReady(id, ready); })
          .ok();
}

void HttpServer::Loop::OnDeadline(Instant now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const Id id = deadlines_.begin()->second;
    Connection& connection = connections_.at(id);
    if (connection.state != State::kReading || connection.timed == kIdle) {
      Drop(id);
      continue;
    }
    Refuse(connection, 408, "the request took too long");
    Follow(id);
  }
}

void HttpServer::Loop::Drop(Id id) {
  Connection& connection = connections_.at(id);
  if (connection.watched) loop_->Unwatch(connection.fd.get());
  deadlines_.erase({connection.deadline, id});
  connections_.erase(id);
}

HttpServer::HttpServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    HttpServerOptions options) {
  WARREN_ASSIGN_OR_RETURN(auto loop, EventLoop::Create());
  std::unique_ptr<HttpServer> server(new HttpServer(
      std::make_unique<Loop>(std::move(options), std::move(loop))));
  server->loop_->Start();
  return server;
}

HttpServer::~HttpServer() = default;

void HttpServer::Take(Handover connection) {
  loop_->Take(std::move(connection));
}

HttpServerCounters HttpServer::counters() const { return loop_->counters(); }

}  // namespace warren::io
