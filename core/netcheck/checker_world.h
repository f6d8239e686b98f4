#ifndef WARREN_CORE_NETCHECK_CHECKER_WORLD_H_
#define WARREN_CORE_NETCHECK_CHECKER_WORLD_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/netcheck/checker.h"
#include "core/netcheck/probe_plan.h"
#include "core/netcheck/test_nat.h"
#include "gtest/gtest.h"

// For tests: a checker, a NAT before it, and STUN servers, in virtual time.
namespace warren::netcheck {

struct TestServer {
  uint16_t relay;
  const char* address;
  absl::Duration latency = absl::Milliseconds(20);
  uint16_t other_port = 0;    // 0: as derper has none
  const char* lie = nullptr;  // what it says of us
};

inline net::Endpoint Endpoint(const char* text) {
  return *net::Endpoint::Parse(text);
}

// Our node, perhaps behind a NAT, and the servers.
class CheckerTest : public ::testing::Test {
 protected:
  void Add(const TestServer& server) { servers_.push_back(server); }
  void Begin(Depth depth = Depth::kNat) {
    std::vector<Server> all;
    for (const TestServer& server : servers_) {
      all.push_back({RelayId(server.relay), Endpoint(server.address)});
    }
    reports_.clear();
    checker_.Start(now_, FullPlan(all), depth, premises_);
    Drain();
  }
  // A whole round; the last report.
  Report Run(Depth depth = Depth::kNat) {
    Begin(depth);
    RunUntil(now_ + absl::Seconds(10));
    return reports_.back();
  }
  void RunUntil(Instant end) {
    while (true) {
      const Instant timeout = checker_.Next();
      const Instant arrival =
          arrivals_.empty() ? Instant::Never() : arrivals_.begin()->first;
      if (std::min(timeout, arrival) > end) break;
      now_ = std::max(now_, std::min(timeout, arrival));
      if (arrival <= timeout) {
        const auto deliver = std::move(arrivals_.begin()->second);
        arrivals_.erase(arrivals_.begin());
        deliver();
      } else {
        checker_.OnTimeout(now_);
      }
      Drain();
    }
    now_ = end;
  }
  void Drain() {
    while (const auto probe = checker_.PollProbe()) Carry(*probe);
    while (auto report = checker_.PollReport()) reports_.push_back(*report);
  }

  // A probe on its way.
  void Carry(const Probe& probe) {
    probes_.push_back(probe);
    if (probe.to.socket() != 0 && !sockets_work_) return;
    const net::Endpoint from = Source(probe.to);
    if (probe.to.address() == kPublic) return CarryHome(probe, from);
    for (const TestServer& server : servers_) {
      if (Endpoint(server.address).address() != probe.to.address()) continue;
      const auto main_port = Endpoint(server.address).port();
      if (probe.to.port() == main_port ||
          probe.to.port() == server.other_port) {
        Answer(server, probe, from, main_port);
      }
    }
  }
  void Answer(const TestServer& server, const Probe& probe,
              const net::Endpoint& from, uint16_t main_port) {
    if (blocked_ > 0 && blocked_-- > 0) return;
    const bool stock = server.other_port == 0;
    const uint16_t other =
        probe.to.port() == main_port ? server.other_port : main_port;
    const bool change = probe.ask == Ask::kChangePort && !stock && !keeps_port_;
    if (stock && drops_extended_ && probe.ask != Ask::kAddress) return;
    if (change && other_port_blocked_) return;
    if (probe.to.port() != main_port && other_port_blocked_) return;
    const net::Endpoint source(probe.to.address(),
                               change ? other : probe.to.port());
    stun::Response response{probe.txid, from, 0};
    if (server.lie != nullptr) response.seen = Endpoint(server.lie);
    if (probe.ask != Ask::kAddress) response.other_port = other;
    const uint16_t port = from.port();
    arrivals_.emplace(now_ + server.latency, [=, this] {
      if (nat_ && !nat_->In(source, port)) return;
      checker_.OnResponse(now_, source.Through(probe.to.socket()), response);
    });
  }
  void CarryHome(const Probe& probe, const net::Endpoint& from) {
    if (!nat_kind_.hairpins || !nat_->In(from, probe.to.port())) return;
    arrivals_.emplace(now_ + absl::Milliseconds(2), [=, this] {
      EXPECT_TRUE(checker_.OnRequest(now_, probe.txid));
    });
  }
  net::Endpoint Source(const net::Endpoint& to) {
    return nat_ ? nat_->Out(to.socket(), to)
                : net::Endpoint(kInside, kLocalPort);
  }
  void Behind(const NatKind& kind) {
    nat_kind_ = kind;
    nat_.emplace(kind);
  }

  SeededRng rng_{1};
  Checker checker_{rng_, kFirstSocket};
  Instant now_ = Instant::FromEpoch(absl::Seconds(1));
  Premises premises_{{kInside}, kLocalPort, {}, {}};
  NatKind nat_kind_;
  std::optional<Nat> nat_;
  std::vector<TestServer> servers_;
  bool drops_extended_ = false;
  bool other_port_blocked_ = false;
  bool keeps_port_ = false;  // servers do not change it, though asked to
  bool sockets_work_ = true;
  int blocked_ = 0;  // so many requests get lost
  std::multimap<Instant, std::function<void()>> arrivals_;
  std::vector<Probe> probes_;
  std::vector<Report> reports_;
};

inline const TestServer kNear{1, "198.51.100.1:3478", absl::Milliseconds(20),
                              3479};
inline const TestServer kFar{2, "198.51.100.2:3478", absl::Milliseconds(50),
                             3479};
inline const TestServer kThird{3, "198.51.100.3:3478", absl::Milliseconds(60),
                               3479};
inline const TestServer kStockNear{1, "198.51.100.1:3478"};
inline const TestServer kStockFar{2, "198.51.100.2:3478",
                                  absl::Milliseconds(50)};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_CHECKER_WORLD_H_
