#include "core/path/punch_hub.h"

#include <algorithm>

namespace warren::path {

bool PunchHub::SetOwnNat(const NatNote& nat) {
  // A hard NAT gives the main socket another port for each STUN server: that
  // is no news.
  const bool same_mapping =
      nat.mapped.address() == own_nat_.mapped.address() &&
      nat.mapped.IsSet() == own_nat_.mapped.IsSet() &&
      (nat.behavior.hard() || nat.mapped == own_nat_.mapped);
  if (nat.behavior == own_nat_.behavior && same_mapping &&
      nat.udp_works == own_nat_.udp_works && knows_own_nat_) {
    return false;
  }
  knows_own_nat_ = true;
  own_nat_ = nat;
  return true;
}

bool PunchHub::Ask(NodeId peer, Turn turn) {
  if (waiting_.size() == kMaxWaiting) return false;
  waiting_.push_back({peer, turn});
  return true;
}

void PunchHub::Leave(NodeId peer) {
  std::erase_if(waiting_, [&](const Waiting& w) { return w.peer == peer; });
  std::erase(probers_, peer);
  if (!opener_ || opener_->peer != peer) return;
  CloseUnkept(*opener_);
  opener_.reset();
}

std::optional<PunchHub::Granted> PunchHub::TakeGranted() {
  const auto it = std::ranges::find_if(
      waiting_, [&](const Waiting& waiting) { return Grantable(waiting); });
  if (it == waiting_.end()) return std::nullopt;
  const Waiting waiting = *it;
  waiting_.erase(it);
  if (waiting.turn == Turn::kProbe) {
    probers_.push_back(waiting.peer);
    return Granted{waiting.peer};
  }
  opener_ = Opener{waiting.peer, *FreePlace()};
  next_place_ = static_cast<uint16_t>(
      (opener_->first_socket - kFirstSocket) / kNumSockets + 1);
  changes_.push_back({opener_->first_socket, kNumSockets, true});
  return Granted{waiting.peer, opener_->first_socket};
}

bool PunchHub::Keep(NodeId peer, uint16_t socket) {
  const auto it = kept_.find(socket);
  if (it != kept_.end()) return it->second == peer;
  const bool is_its_turn = opener_ && opener_->peer == peer &&
                           socket >= opener_->first_socket &&
                           socket - opener_->first_socket < kNumSockets;
  if (is_its_turn) kept_[socket] = peer;
  return is_its_turn;
}

void PunchHub::Drop(uint16_t socket) {
  if (kept_.erase(socket) > 0) changes_.push_back({socket, 1, false});
}

void PunchHub::Forget(NodeId peer) {
  Leave(peer);
  for (auto it = kept_.begin(); it != kept_.end();) {
    const auto [socket, owner] = *it++;
    if (owner == peer) Drop(socket);
  }
}

std::optional<PunchSockets> PunchHub::PollSockets() {
  if (changes_.empty()) return std::nullopt;
  const PunchSockets change = changes_.front();
  changes_.pop_front();
  return change;
}

bool PunchHub::TakeProbe(Instant now) {
  return per_second_.Take(now) && per_minute_.Take(now);
}

bool PunchHub::Grantable(const Waiting& waiting) const {
  if (waiting.turn == Turn::kProbe) return probers_.size() < kMaxProbers;
  return !opener_ && FreePlace();
}

std::optional<uint16_t> PunchHub::FreePlace() const {
  for (uint16_t i = 0; i < kNumPlaces; ++i) {
    const int place = (next_place_ + i) % kNumPlaces;
    const auto first =
        static_cast<uint16_t>(kFirstSocket + place * kNumSockets);
    const auto it = kept_.lower_bound(first);
    if (it == kept_.end() || it->first - first >= kNumSockets) return first;
  }
  return std::nullopt;
}

void PunchHub::CloseUnkept(const Opener& opener) {
  uint32_t next = opener.first_socket;
  const uint32_t end = next + kNumSockets;
  for (auto it = kept_.lower_bound(opener.first_socket);
       it != kept_.end() && it->first < end; ++it) {
    Close(next, it->first);
    next = it->first + 1u;
  }
  Close(next, end);
}

void PunchHub::Close(uint32_t first, uint32_t end) {
  if (first == end) return;
  changes_.push_back({static_cast<uint16_t>(first),
                      static_cast<uint16_t>(end - first), false});
}

}  // namespace warren::path
