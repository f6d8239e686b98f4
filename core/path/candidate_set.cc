#include "core/path/candidate_set.h"

#include <algorithm>

namespace warren::path {

void CandidateSet::SetFromNetmap(Instant now,
                                 std::span<const net::Endpoint> endpoints,
                                 const net::Endpoint& keep) {
  SetFrom(endpoints, &Candidate::in_netmap, kMaxFromNetmap);
  Expire(now, keep);
}

void CandidateSet::SetFromCall(Instant now,
                               std::span<const net::Endpoint> endpoints,
                               const net::Endpoint& keep) {
  SetFrom(endpoints, &Candidate::in_call, kMaxFromCall);
  Expire(now, keep);
}

void CandidateSet::SetFrom(std::span<const net::Endpoint> endpoints,
                           bool Candidate::*source, size_t max) {
  for (Candidate& candidate : candidates_) candidate.*source = false;
  size_t taken = 0;
  for (const net::Endpoint& endpoint : endpoints) {
    if (taken == max) break;
    if (!IsUsable(endpoint)) continue;
    Candidate& candidate = FindOrAdd(own_.WayTo(endpoint));
    if (!(candidate.*source)) ++taken;
    candidate.*source = true;
  }
}

Candidate* CandidateSet::Observe(Instant now, const net::Endpoint& endpoint) {
  if (!IsUsable(endpoint)) return nullptr;
  const auto observed = [now](const Candidate& c) {
    return c.observed_until > now;
  };
  const Candidate* known = Find(endpoint);
  if ((known == nullptr || !observed(*known)) &&
      std::ranges::count_if(candidates_, observed) >=
          static_cast<std::ptrdiff_t>(kMaxObserved)) {
    auto oldest = candidates_.end();
    for (auto it = candidates_.begin(); it != candidates_.end(); ++it) {
      if (observed(*it) && (oldest == candidates_.end() ||
                            it->observed_until < oldest->observed_until)) {
        oldest = it;
      }
    }
    oldest->observed_until = Instant::LongAgo();
    Expire(now, endpoint);
  }
  Candidate& candidate = FindOrAdd(endpoint);
  candidate.observed_until = now + kObservedLifetime;
  return &candidate;
}

void CandidateSet::RemoveSockets(uint16_t first, uint16_t count) {
  std::erase_if(candidates_, [first, count](const Candidate& c) {
    return c.endpoint.socket() >= first && c.endpoint.socket() - first < count;
  });
}

void CandidateSet::Expire(Instant now, const net::Endpoint& keep) {
  std::erase_if(candidates_, [&](const Candidate& c) {
    return !c.in_netmap && !c.in_call && c.observed_until <= now &&
           c.endpoint != keep;
  });
}

Candidate* CandidateSet::Find(const net::Endpoint& endpoint) {
  const auto it =
      std::ranges::find(candidates_, endpoint, &Candidate::endpoint);
  return it == candidates_.end() ? nullptr : &*it;
}

Candidate& CandidateSet::FindOrAdd(const net::Endpoint& endpoint) {
  if (Candidate* known = Find(endpoint)) return *known;
  return candidates_.emplace_back(Candidate{.endpoint = endpoint});
}

}  // namespace warren::path
