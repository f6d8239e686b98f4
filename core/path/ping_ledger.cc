#include "core/path/ping_ledger.h"

#include <algorithm>

namespace warren::path {

const SentPing& PingLedger::Add(Instant now, Rng& rng, const net::Endpoint& to,
                                uint64_t ping_id, uint16_t size) {
  if (pings_.size() == kMaxPings) pings_.pop_front();
  return pings_.emplace_back(
      SentPing{disco::NewTxId(rng), to, now, ping_id, size});
}

std::optional<SentPing> PingLedger::Take(const disco::TxId& txid) {
  const auto it = std::ranges::find(pings_, txid, &SentPing::txid);
  if (it == pings_.end()) return std::nullopt;
  const SentPing ping = *it;
  pings_.erase(it);
  return ping;
}

std::optional<SentPing> PingLedger::TakeTimedOut(Instant now) {
  if (now < Next()) return std::nullopt;
  const SentPing ping = pings_.front();
  pings_.pop_front();
  return ping;
}

bool PingLedger::Serves(uint64_t ping_id) const {
  return std::ranges::find(pings_, ping_id, &SentPing::ping_id) != pings_.end();
}

Instant PingLedger::Next() const {
  return pings_.empty() ? Instant::Never() : pings_.front().sent_at + kTimeout;
}

}  // namespace warren::path
