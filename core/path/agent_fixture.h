#ifndef WARREN_CORE_PATH_AGENT_FIXTURE_H_
#define WARREN_CORE_PATH_AGENT_FIXTURE_H_

#include <algorithm>
#include <variant>
#include <vector>

#include "core/base/rng.h"
#include "core/path/agent.h"
#include "gtest/gtest.h"

namespace warren::path {

inline const net::Endpoint kHere = *net::Endpoint::Parse("198.51.100.7:41641");
inline const net::Endpoint kThere = *net::Endpoint::Parse("203.0.113.9:41641");
inline constexpr RelayId kRelay(900);

// An agent with a relay, a disco key and two candidates, and a clock.
class AgentTest : public ::testing::Test {
 protected:
  AgentTest() : own_(rng_), agent_(own_) {
    agent_.SetRelay(now_, kRelay);
    agent_.OnDiscoKey(now_, true);
    agent_.SetEndpoints(now_, std::vector{kHere, kThere});
    Drain();
  }

  // Collects what the agent wants; pings are kept to be answered.
  void Drain() {
    calls_ = 0;
    sent_.clear();
    while (const auto action = agent_.PollAction()) {
      if (const auto* ping = std::get_if<SendPing>(&*action)) {
        (ping->size == 0 ? pings_ : padded_).push_back(*ping);
        if (ping->size == 0) sent_.push_back(ping->to);
      } else if (std::holds_alternative<SendCallMeMaybe>(*action)) {
        ++calls_;
      } else if (const auto* answer = std::get_if<PingAnswered>(&*action)) {
        answers_.push_back(*answer);
      } else {
        paths_.push_back(std::get<PathTaken>(*action).path);
      }
    }
  }
  // Steps through each deadline on the way.
  void Advance(absl::Duration by) {
    const Instant until = now_ + by;
    std::vector<net::Endpoint> sent;
    int calls = 0;
    while (agent_.Next() <= until) {
      now_ = std::max(now_, agent_.Next());
      agent_.OnTimeout(now_);
      Drain();
      sent.insert(sent.end(), sent_.begin(), sent_.end());
      calls += calls_;
    }
    now_ = until;
    sent_ = sent;
    calls_ = calls;
  }
  Route Send(size_t size = 200) {
    const Route route = agent_.OnSend(now_, size);
    Drain();
    return route;
  }
  // Answers the latest ping to `endpoint`, `rtt` after it was sent just now.
  bool Answer(const net::Endpoint& endpoint,
              absl::Duration rtt = absl::Milliseconds(20)) {
    now_ += rtt;
    for (auto it = pings_.rbegin(); it != pings_.rend(); ++it) {
      if (it->to != endpoint) continue;
      const bool taken = agent_.OnPong(now_, it->txid);
      Drain();
      return taken;
    }
    ADD_FAILURE() << "no ping to " << endpoint.ToString();
    return false;
  }
  // As Advance(), while the peer at kHere answers. Returns the pings it got.
  size_t AdvanceAnswered(absl::Duration by) {
    size_t pinged = 0;
    for (const Instant until = now_ + by; now_ < until;) {
      Advance(absl::Milliseconds(100));
      for (const net::Endpoint& to : std::vector(sent_)) {
        if (to != kHere) continue;
        ++pinged;
        Answer(to, absl::ZeroDuration());
      }
    }
    return pinged;
  }
  void GoDirect() {
    Send();
    ASSERT_TRUE(Answer(kHere));
    ASSERT_EQ(agent_.path().kind, PathKind::kDirect);
  }

  SeededRng rng_{1};
  OwnNode own_;
  Agent agent_;
  Instant now_ = Instant::FromEpoch(absl::Seconds(1));
  std::vector<SendPing> pings_;      // all so far, but for the next
  std::vector<SendPing> padded_;     // that probe the MTU
  std::vector<net::Endpoint> sent_;  // pinged since the last step
  int calls_ = 0;                    // CallMeMaybe since the last step
  std::vector<Path> paths_;          // reported so far
  std::vector<PingAnswered> answers_;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_AGENT_FIXTURE_H_
