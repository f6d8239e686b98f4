#include "bench/load_fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::bench {

LoadFleet::LoadFleet(Place place, int nodes, std::vector<std::string> auth_keys)
    : loop_(*io::EventLoop::Create()),
      world_{*loop_, rng_, place.server, place.key, std::move(place.tls)} {
  world_.updated = [this](int number, const v1::NetmapUpdate& update) {
    OnUpdate(number, update);
  };
  world_.registered = [this](int number) { OnRegistered(number); };
  world_.lost = [this](int number, absl::Duration wait) {
    OnLost(number, wait);
  };
  {
    absl::MutexLock lock(&mutex_);
    seen_.up.resize(static_cast<size_t>(nodes));
  }
  for (int i = 0; i < nodes; ++i) {
    nodes_.push_back(std::make_unique<LoadNode>(
        world_, i, auth_keys[static_cast<size_t>(i) % auth_keys.size()]));
  }
  loop_->SetDeadline(
      [this] { return due_.empty() ? Instant::Never() : due_.begin()->first; },
      [this](Instant now) { StartDue(now); });
  thread_ = std::thread([this] { loop_->Run(); });
}

LoadFleet::~LoadFleet() {
  loop_->Stop();
  thread_.join();
}

void LoadFleet::StartDue(Instant now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto number = static_cast<size_t>(due_.begin()->second);
    due_.erase(due_.begin());
    nodes_[number]->Start();
  }
}

void LoadFleet::OnLost(int number, absl::Duration wait) {
  due_.emplace(loop_->Now() + wait, number);
  absl::MutexLock lock(&mutex_);
  const auto i = static_cast<size_t>(number);
  if (seen_.up[i]) --seen_.num_up;
  seen_.up[i] = false;
}

void LoadFleet::OnRegistered(int) {
  {
    absl::MutexLock lock(&mutex_);
    ++seen_.registered;
  }
  if (started_ < nodes_.size()) nodes_[started_++]->Start();
}

void LoadFleet::OnUpdate(int number, const v1::NetmapUpdate& update) {
  const Instant now = loop_->Now();
  absl::MutexLock lock(&mutex_);
  if (update.has_full()) {
    const auto i = static_cast<size_t>(number);
    if (!seen_.up[i]) ++seen_.num_up;
    seen_.up[i] = true;
    return;
  }
  if (update.diff().has_policy_version()) {
    seen_.policies[update.diff().policy_version()].push_back(now);
  }
  if (seen_.moved == 0) return;
  for (const v1::Node& peer : update.diff().upserted_peers()) {
    if (peer.id() == seen_.moved && peer.endpoints_size() > 0 &&
        peer.endpoints(0) == seen_.endpoint) {
      seen_.heard.push_back(now);
    }
  }
}

bool LoadFleet::RegisterAll(int at_once, absl::Duration patience) {
  loop_->Post([this, at_once] {
    for (int i = 0; i < at_once && started_ < nodes_.size(); ++i) {
      nodes_[started_++]->Start();
    }
  });
  absl::MutexLock lock(&mutex_);
  const auto all = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return static_cast<size_t>(seen_.registered) >= nodes_.size();
  };
  return mutex_.AwaitWithTimeout(absl::Condition(&all), patience);
}

bool LoadFleet::AwaitAllUp(absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  const auto all = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return static_cast<size_t>(seen_.num_up) >= nodes_.size();
  };
  return mutex_.AwaitWithTimeout(absl::Condition(&all), patience);
}

std::vector<absl::Duration> LoadFleet::Move(int reporter, uint16_t port,
                                            int hearers,
                                            absl::Duration patience) {
  LoadNode& node = *nodes_[static_cast<size_t>(reporter)];
  {
    absl::MutexLock lock(&mutex_);
    seen_.moved = node.id();
    seen_.endpoint = absl::StrCat("192.0.2.1:", port);
    seen_.heard.clear();
  }
  const Instant begin = loop_->Now();
  loop_->Post([&node, port] { node.Report(port); });
  absl::MutexLock lock(&mutex_);
  const auto all = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return static_cast<int>(seen_.heard.size()) >= hearers;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&all), patience);
  std::vector<absl::Duration> out;
  for (const Instant at : seen_.heard) out.push_back(at - begin);
  seen_.moved = 0;
  return out;
}

std::vector<absl::Duration> LoadFleet::ChangePolicy(
    const std::function<uint64_t()>& change, absl::Duration patience) {
  const Instant begin = loop_->Now();
  const uint64_t version = change();
  absl::MutexLock lock(&mutex_);
  const auto all = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return seen_.policies[version].size() >= nodes_.size();
  };
  mutex_.AwaitWithTimeout(absl::Condition(&all), patience);
  std::vector<absl::Duration> out;
  for (const Instant at : seen_.policies[version]) out.push_back(at - begin);
  return out;
}

uint64_t LoadFleet::refused() const { return world_.refused; }

int LoadFleet::up() const {
  absl::MutexLock lock(&mutex_);
  return seen_.num_up;
}

}  // namespace warren::bench
