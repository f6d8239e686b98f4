// What somebody can do who sees and forges datagrams, but has no key.

#include <map>
#include <string>
#include <vector>

#include "core/disco/disco.h"
#include "core/sim/lab.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using ::warren::testing::At;

const net::Endpoint kEvil = At("203.0.113.66:6666");

class Attack : public ::testing::Test {
 protected:
  Attack()
      : relay_(lab_.AddRelay()),
        a_(lab_.AddNode("a", kEasyNat)),
        b_(lab_.AddNode("b", kEasyNat)) {
    lab_.network().SetTap([this](const Host& from, const net::Endpoint& to,
                                 const std::vector<uint8_t>& bytes) {
      if (&from == &b_.host()) seen_of_b_.push_back(bytes);
      bytes_to_[to] += bytes.size();
    });
    lab_.world().RunFor(absl::Seconds(5));
    Talk(absl::Seconds(3));
    EXPECT_TRUE(a_.IsDirectTo(b_));
    path_before_ = a_.PathTo(b_);
  }
  void Talk(absl::Duration duration) {
    for (const Instant end = lab_.world().now() + duration;
         lab_.world().now() < end;) {
      a_.Send(b_, "hello");
      b_.Send(a_, "hello");
      lab_.world().RunFor(absl::Milliseconds(100));
    }
  }

  Lab lab_{11};
  SimRelay& relay_;
  SimNode& a_;
  SimNode& b_;
  std::vector<std::vector<uint8_t>> seen_of_b_;  // all that `b` sent by UDP
  std::map<net::Endpoint, size_t> bytes_to_;     // by all hosts
  engine::Path path_before_;
};

TEST_F(Attack, ReplayFromElsewhereMovesNoPathAndIsNotMultiplied) {
  const auto replayed = seen_of_b_;
  const size_t received = a_.num_received();
  size_t bytes = 0;
  for (int round = 0; round < 10; ++round) {
    for (const auto& datagram : replayed) {
      a_.InjectUdp(kEvil, datagram);
      bytes += datagram.size();
    }
  }
  EXPECT_EQ(a_.num_received(), received);
  EXPECT_EQ(a_.PathTo(b_), path_before_);
  // A ping is answered by a pong, and once a second by a ping.
  EXPECT_GT(bytes_to_[kEvil], 0u);
  EXPECT_LT(bytes_to_[kEvil], bytes);
  Talk(absl::Seconds(20));
  EXPECT_EQ(a_.PathTo(b_), path_before_);
}

TEST_F(Attack, ForgedPongsAndHandshakesMoveNoPath) {
  SeededRng rng(3);
  for (const auto& datagram : seen_of_b_) {
    for (int i = 0; i < 20; ++i) {
      std::vector<uint8_t> forged = datagram;
      forged[rng.Below(forged.size())] ^=
          static_cast<uint8_t>(1 + rng.Below(9));
      a_.InjectUdp(kEvil, forged);
    }
  }
  EXPECT_EQ(a_.PathTo(b_), path_before_);
  const size_t received = b_.num_received();
  Talk(absl::Seconds(2));
  EXPECT_EQ(b_.num_received(), received + 20);
}

TEST_F(Attack, FloodOfGarbageStopsNoTraffic) {
  SeededRng rng(4);
  const size_t received = b_.num_received();
  for (int i = 0; i < 20; ++i) {
    for (int n = 0; n < 200; ++n) {
      std::vector<uint8_t> garbage(32 + rng.Below(200));
      rng.Fill(garbage);
      garbage[0] = static_cast<uint8_t>(rng.Below(6));
      garbage[1] = garbage[2] = garbage[3] = 0;
      a_.InjectUdp(kEvil, garbage);
    }
    Talk(absl::Milliseconds(100));
  }
  EXPECT_EQ(b_.num_received(), received + 20);
  EXPECT_EQ(bytes_to_[kEvil], 0u);
}

}  // namespace
}  // namespace warren::sim
