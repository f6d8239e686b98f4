#include "core/engine/why_exchange.h"

#include <algorithm>
#include <utility>

namespace warren::engine {

std::optional<uint64_t> WhyExchange::Ask(Instant now, NodeId peer) {
  if (asks_.size() == kMaxAsks) return std::nullopt;
  Query& ask = asks_[++last_id_];
  ask.peer = peer;
  ask.began = now;
  SendRequest(now, ask);
  return last_id_;
}

void WhyExchange::SendRequest(Instant now, Query& ask) {
  Attempt& attempt = ask.attempts.emplace_back();
  attempt.wire_id = ++last_wire_id_;
  attempt.sent = now;
  ask.next_request = now + kRetry;
  requests_.push_back({ask.peer, {attempt.wire_id}});
}

void WhyExchange::OnPiece(Instant now, NodeId from, const WhyPiece& piece) {
  if (piece.num_pieces > kMaxWhyPieces || piece.number >= piece.num_pieces) {
    return;
  }
  for (auto& [id, ask] : asks_) {
    if (ask.peer != from) continue;
    const auto attempt =
        std::ranges::find(ask.attempts, piece.id, &Attempt::wire_id);
    if (attempt == ask.attempts.end()) continue;
    if (!attempt->answered) {
      attempt->answered = now;
      attempt->num_pieces = piece.num_pieces;
    }
    if (piece.num_pieces != attempt->num_pieces) return;
    attempt->pieces.try_emplace(piece.number, piece.bytes);
    if (attempt->pieces.size() == attempt->num_pieces)
      TakeReport(ask, *attempt);
    return;
  }
}

void WhyExchange::TakeReport(Query& ask, Attempt& attempt) {
  std::vector<uint8_t> whole;
  for (const auto& [number, bytes] : attempt.pieces) {
    whole.insert(whole.end(), bytes.begin(), bytes.end());
  }
  attempt.pieces.clear();
  std::optional<WhyReport> report = ParseWhy(whole);
  if (!report) return;
  ask.report = std::move(report);
  ask.sent = attempt.sent;
  ask.answered = *attempt.answered;
}

void WhyExchange::Forget(NodeId peer) {
  budgets_.erase(peer);
  for (auto& [id, ask] : asks_) {
    if (ask.peer == peer) ask.forgotten = true;
  }
}

void WhyExchange::OnTimeout(Instant now) {
  for (auto& [id, ask] : asks_) {
    if (now >= ask.next_request && now - ask.began < kTimeout) {
      SendRequest(now, ask);
    }
  }
}

bool WhyExchange::MayAnswer(Instant now, NodeId peer) {
  std::erase_if(budgets_, [now](const auto& entry) {
    const absl::Duration full = absl::Seconds(kAnswerBurst / kAnswersPerSecond);
    return now - entry.second.at >= full;
  });
  if (budgets_.size() == kMaxPeers && !budgets_.contains(peer)) return false;
  const auto [it, is_new] = budgets_.try_emplace(peer);
  Budget& budget = it->second;
  if (!is_new) {
    const double earned =
        absl::ToDoubleSeconds(now - budget.at) * kAnswersPerSecond;
    budget.tokens = std::min(kAnswerBurst, budget.tokens + earned);
  }
  budget.at = now;
  if (budget.tokens < 1) return false;
  budget.tokens -= 1;
  return true;
}

std::optional<WhyExchange::Request> WhyExchange::PollRequest() {
  if (requests_.empty()) return std::nullopt;
  const Request request = requests_.front();
  requests_.pop_front();
  return request;
}

WhyExchange::Done WhyExchange::Finish(Instant now,
                                      std::map<uint64_t, Query>::iterator it) {
  Query ask = std::move(it->second);
  Done done{it->first, ask.peer, std::move(ask.report), {}};
  asks_.erase(it);
  if (done.report) {
    done.joined = JoinClocks(now - ask.sent, now - ask.answered);
  }
  return done;
}

Instant WhyExchange::Next() const {
  Instant next = Instant::Never();
  for (const auto& [id, ask] : asks_) {
    next = std::min({next, ask.next_request, ask.began + kTimeout,
                     ask.report ? ask.began + kPatience : Instant::Never()});
  }
  return next;
}

}  // namespace warren::engine
