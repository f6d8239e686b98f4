#include "client/relay/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <span>
#include <utility>

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

Resolver::Resolver(io::EventLoop& loop)
    : loop_(loop), thread_([this] { Run(); }) {}

Resolver::~Resolver() {
  {
    const absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void Resolver::Resolve(const std::string& hostname, Answer answer) {
  const auto literal = net::IpAddress::Parse(hostname);
  if (literal.ok()) {
    return loop_.Post([answer = std::move(answer), address = *literal] {
      answer({address});
    });
  }
  const absl::MutexLock lock(&mutex_);
  if (queue_.size() >= kMaxQueue) {
    return loop_.Post([answer = std::move(answer)] { answer({}); });
  }
  queue_.push_back({hostname, std::move(answer)});
}

void Resolver::Run() {
  while (true) {
    Question question;
    {
      const absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stop_ || !queue_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (stop_) return;
      question = std::move(queue_.front());
      queue_.pop_front();
    }
    loop_.Post([answer = std::move(question.answer),
                addresses = LookUp(question.hostname)]() mutable {
      answer(std::move(addresses));
    });
  }
}

}  // namespace warren::client
