#include "core/netcheck/checker.h"

#include <algorithm>
#include <utility>

namespace warren::netcheck {
namespace {

// A server that lies could have our peers probe something else.
bool CouldBeOurs(const net::Endpoint& seen) {
  const net::IpAddress& address = seen.address();
  return seen.IsSet() && !address.IsUnspecified() && !address.IsLoopback() &&
         !address.IsMulticast() && !address.IsLinkLocal() &&
         !address.IsTailnet();
}

}  // namespace

void Checker::Start(Instant now, std::vector<Server> servers) {
  servers.resize(std::min(servers.size(), kMaxServers));
  running_ = true;
  started_at_ = now;
  ends_at_ = now + kRoundTime;
  report_ = Report();
  probes_.clear();
  transactions_.clear();
  targets_.clear();
  for (const Server& server : servers) {
    targets_.push_back({.server = server, .next_try = now});
  }
  SendDue(now);
  if (targets_.empty()) Finish();
}

bool Checker::OnResponse(Instant now, const stun::Response& response) {
  const auto it =
      std::ranges::find(transactions_, response.txid, &Transaction::txid);
  if (!running_ || it == transactions_.end()) return false;
  Target& target = targets_[it->target];
  const absl::Duration latency = now - it->sent_at;
  transactions_.erase(it);
  const auto [known, is_new] =
      report_.latencies.try_emplace(target.server.relay, latency);
  known->second = std::min(known->second, latency);
  if (!target.answered) {
    target.answered = true;
    NoteMapped(response.seen);
  }
  if (std::ranges::all_of(targets_, &Target::answered)) {
    Finish();
  } else if (is_new && report_.latencies.size() == kEnoughRelays) {
    // Whoever needs twice the slowest so far is not worth waiting for.
    ends_at_ = std::min(ends_at_, now + (now - started_at_));
  }
  return true;
}

void Checker::OnTimeout(Instant now) {
  if (!running_) return;
  SendDue(now);
  if (now >= ends_at_) Finish();
}

std::optional<Probe> Checker::PollProbe() {
  if (probes_.empty()) return std::nullopt;
  const Probe probe = probes_.front();
  probes_.pop_front();
  return probe;
}

std::optional<Report> Checker::PollReport() {
  if (reports_.empty()) return std::nullopt;
  Report report = std::move(reports_.front());
  reports_.pop_front();
  return report;
}

Instant Checker::Next() const {
  if (!running_) return Instant::Never();
  Instant next = ends_at_;
  for (const Target& target : targets_) {
    if (!target.answered && target.num_tries < kTries) {
      next = std::min(next, target.next_try);
    }
  }
  return next;
}

void Checker::SendDue(Instant now) {
  for (size_t i = 0; i < targets_.size(); ++i) {
    Target& target = targets_[i];
    if (target.answered || target.num_tries == kTries ||
        now < target.next_try) {
      continue;
    }
    ++target.num_tries;
    target.next_try = now + kTrySpacing;
    const stun::TxId txid = stun::NewTxId(rng_);
    transactions_.push_back({txid, i, now});
    probes_.push_back({target.server.endpoint, txid});
  }
}

void Checker::NoteMapped(const net::Endpoint& seen) {
  if (!CouldBeOurs(seen)) return;
  auto& mapped = seen.address().is_v4() ? report_.mapped_v4 : report_.mapped_v6;
  if (!mapped) {
    mapped = seen;
    reports_.push_back(report_);
  } else if (seen.address().is_v4()) {
    report_.mapping_varies =
        report_.mapping_varies.value_or(false) || *mapped != seen;
  }
}

void Checker::Finish() {
  running_ = false;
  ends_at_ = Instant::Never();
  report_.complete = true;
  reports_.push_back(report_);
}

}  // namespace warren::netcheck
