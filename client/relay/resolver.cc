#include "client/relay/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <deque>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace warren::client {

std::vector<net::IpAddress> Resolver::AskSystem(const std::string& hostname) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<net::IpAddress> addresses;
  if (getaddrinfo(hostname.c_str(), nullptr, &hints, &found) != 0) {
    return addresses;
  }
  for (const addrinfo* i = found; i != nullptr; i = i->ai_next) {
    if (i->ai_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(i->ai_addr);
      addresses.push_back(net::IpAddress::V4(ntohl(v4->sin_addr.s_addr)));
    } else if (i->ai_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(i->ai_addr);
      addresses.push_back(net::IpAddress::V6(
          std::span<const uint8_t, 16>(v6->sin6_addr.s6_addr)));
    }
  }
  freeaddrinfo(found);
  return addresses;
}

struct Resolver::Shared {
  struct Question {
    std::string hostname;
    Answer answer;
  };
  LookUp look_up;
  absl::Mutex mutex;
  io::EventLoop* loop ABSL_GUARDED_BY(mutex) = nullptr;  // null: stop
  std::deque<Question> queue ABSL_GUARDED_BY(mutex);
  // What the thread of the latest generation is asking. Those before it end
  // without an answer.
  std::optional<Question> asking ABSL_GUARDED_BY(mutex);
  uint64_t generation ABSL_GUARDED_BY(mutex) = 0;
  int num_threads ABSL_GUARDED_BY(mutex) = 0;
};

Resolver::Resolver(io::EventLoop& loop, LookUp look_up)
    : loop_(loop), shared_(std::make_shared<Shared>()) {
  shared_->look_up = std::move(look_up);
  const absl::MutexLock lock(&shared_->mutex);
  shared_->loop = &loop;
  Start(shared_);
}

void Resolver::Start(const std::shared_ptr<Shared>& shared) {
  shared->mutex.AssertHeld();
  ++shared->num_threads;
  // Detached, because nobody can end a look-up early.
  std::thread([shared, generation = ++shared->generation] {
    Run(shared, generation);
  }).detach();
}

void Resolver::Renew() {
  const absl::MutexLock lock(&shared_->mutex);
  if (!shared_->asking || shared_->num_threads >= kMaxThreads) return;
  shared_->queue.push_front(*std::exchange(shared_->asking, std::nullopt));
  Start(shared_);
}

Resolver::~Resolver() {
  *alive_ = false;
  const absl::MutexLock lock(&shared_->mutex);
  shared_->loop = nullptr;
  shared_->queue.clear();
  shared_->asking.reset();
}

void Resolver::Resolve(const std::string& hostname, Answer answer) {
  const Answer tell = [alive = alive_, answer = std::move(answer)](
                          std::vector<net::IpAddress> addresses) {
    if (*alive) answer(std::move(addresses));
  };
  const auto literal = net::IpAddress::Parse(hostname);
  if (literal.ok()) {
    return loop_.Post([tell, address = *literal] { tell({address}); });
  }
  const absl::MutexLock lock(&shared_->mutex);
  if (shared_->queue.size() >= kMaxQueue) {
    return loop_.Post([tell] { tell({}); });
  }
  shared_->queue.push_back({hostname, tell});
}

void Resolver::Run(const std::shared_ptr<Shared>& shared, uint64_t generation) {
  Shared& s = *shared;
  const absl::MutexLock lock(&s.mutex);
  while (true) {
    const auto ready = [&s,
                        generation]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(s.mutex) {
      return s.loop == nullptr || s.generation != generation ||
             !s.queue.empty();
    };
    s.mutex.Await(absl::Condition(&ready));
    if (s.loop == nullptr || s.generation != generation) break;
    s.asking = std::move(s.queue.front());
    s.queue.pop_front();
    const std::string hostname = s.asking->hostname;
    s.mutex.Unlock();
    std::vector<net::IpAddress> addresses = s.look_up(hostname);
    s.mutex.Lock();
    if (s.loop == nullptr || s.generation != generation) break;
    s.loop->Post([answer = std::exchange(s.asking, std::nullopt)->answer,
                  addresses = std::move(addresses)] { answer(addresses); });
  }
  --s.num_threads;
}

}  // namespace warren::client
