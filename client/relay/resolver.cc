#include "client/relay/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <deque>
#include <span>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace warren::client {
namespace {

std::vector<net::IpAddress> LookUp(const std::string& hostname) {
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

}  // namespace

struct Resolver::Shared {
  struct Question {
    std::string hostname;
    Answer answer;
  };
  absl::Mutex mutex;
  io::EventLoop* loop ABSL_GUARDED_BY(mutex) = nullptr;  // null: stop
  std::deque<Question> queue ABSL_GUARDED_BY(mutex);
};

Resolver::Resolver(io::EventLoop& loop)
    : loop_(loop), shared_(std::make_shared<Shared>()) {
  {
    const absl::MutexLock lock(&shared_->mutex);
    shared_->loop = &loop;
  }
  // Detached, because nobody can end a look-up early.
  std::thread([shared = shared_] { Run(shared); }).detach();
}

Resolver::~Resolver() {
  *alive_ = false;
  const absl::MutexLock lock(&shared_->mutex);
  shared_->loop = nullptr;
  shared_->queue.clear();
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

void Resolver::Run(const std::shared_ptr<Shared>& shared) {
  Shared& s = *shared;
  while (true) {
    Shared::Question question;
    {
      const absl::MutexLock lock(&s.mutex);
      const auto ready = [&s]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(s.mutex) {
        return s.loop == nullptr || !s.queue.empty();
      };
      s.mutex.Await(absl::Condition(&ready));
      if (s.loop == nullptr) return;
      question = std::move(s.queue.front());
      s.queue.pop_front();
    }
    std::vector<net::IpAddress> addresses = LookUp(question.hostname);
    const absl::MutexLock lock(&s.mutex);
    if (s.loop == nullptr) return;
    s.loop->Post([answer = std::move(question.answer),
                  addresses = std::move(addresses)] { answer(addresses); });
  }
}

}  // namespace warren::client
