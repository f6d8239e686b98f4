#include "core/wg/device.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/wg/device_state.h"

namespace warren::wg {

Device::State::State(const DeviceConfig& its_config, Rng& its_rng, Instant now,
                     absl::Duration unix_at_now)
    : config(its_config),
      rng(its_rng),
      jitter(its_rng.U64()),
      clock{now, unix_at_now, now},
      load(its_config.handshakes_per_second) {}

Device::Device(const DeviceConfig& config, Rng& rng, Instant now,
               absl::Duration unix_at_now)
    : state_(std::make_unique<State>(config, rng, now, unix_at_now)) {}
Device::~Device() = default;

// ---- Time ----

void Device::State::Enter(Instant now) {
  WARREN_CHECK(now >= clock.now);
  clock.now = now;
  outbox.Release();
}

void Device::State::Settle() {
  while (!deadlines.empty()) {
    const PeerIndex first = deadlines.FirstPeer();
    const Instant at = peers[first]->timers.Next().at;
    if (at == deadlines.FirstAt()) return;
    deadlines.Set(first, at);
  }
}

Deadline Device::Next() const {
  const State& s = *state_;
  if (s.deadlines.empty()) return {};
  return s.peers[s.deadlines.FirstPeer()]->timers.Next();
}

void Device::OnTimeout(Instant now) {
  State& s = *state_;
  s.Enter(now);
  while (!s.deadlines.empty() && s.deadlines.FirstAt() <= now) {
    Peer& peer = *s.peers[s.deadlines.FirstPeer()];
    s.RunTimers(now, peer);
    s.deadlines.Set(peer.index, peer.timers.Next().at);
  }
  s.Settle();
}

void Device::State::RunTimers(Instant now, Peer& peer) {
  PeerTimers& timers = peer.timers;
  if (timers.TakeIfDue(Timer::kRetransmitHandshake, now)) {
    OnRetransmit(now, peer);
  }
  if (timers.TakeIfDue(Timer::kSendKeepalive, now)) {
    const bool another = timers.TakeNeedsAnotherKeepalive();
    SendKeepalive(now, peer);
    if (another) timers.OnDataReceived(now);
  }
  if (timers.TakeIfDue(Timer::kNewHandshake, now)) {
    SendInitiation(now, peer, /*is_retry=*/false);
  }
  if (timers.TakeIfDue(Timer::kZeroKeys, now)) {
    OnKeysOld(peer);
  }
  if (timers.TakeIfDue(Timer::kPersistentKeepalive, now)) {
    SendKeepalive(now, peer);
  }
}

void Device::State::OnKeysOld(Peer& peer) {
  if (peer.timers.IsRetransmitting()) {
    // Begun before this timer was seen to be due, as by the first packet after
    // a sleep: the handshake is young, and goes on.
    peer.sessions.Clear();
  } else {
    DropStage(peer);
    ZeroKeys(peer);
    if (config.forget_idle_timestamps) peer.handshakes.greatest_received = {};
  }
  Tell(KeysZeroed{peer.index});
}

void Device::State::OnRetransmit(Instant now, Peer& peer) {
  HandshakeMemory& memory = peer.handshakes;
  if (memory.retries <= kMaxRetries) {
    ++memory.retries;
    SendInitiation(now, peer, /*is_retry=*/true);
    return;
  }
  DropStage(peer);
  peer.timers.OnGaveUp(now);
  Tell(HandshakeGaveUp{peer.index});
}

void Device::State::ZeroKeys(Peer& peer) {
  peer.sessions.Clear();
  peer.pending.reset();
  peer.static_static.reset();
  peer.cookies.Clear();
  peer.timers.OnKeysZeroed();
}

// ---- Events and results ----

void Device::State::Tell(const DeviceEvent& event) {
  events.push_back(event);
  if (events.size() <= kMaxEvents) return;
  if (const auto* old = std::get_if<PeerAuthenticated>(&events.front())) {
    if (Peer* peer = Get(old->peer)) peer->where.event_waits = false;
  }
  events.pop_front();
}

std::optional<DeviceEvent> Device::PollEvent() {
  State& s = *state_;
  if (s.events.empty()) return std::nullopt;
  DeviceEvent event = s.events.front();
  s.events.pop_front();
  if (auto* authenticated = std::get_if<PeerAuthenticated>(&event)) {
    if (Peer* peer = s.Get(authenticated->peer)) {
      authenticated->endpoint = peer->where.last_from;
      peer->where.event_waits = false;
    }
  }
  return event;
}

void Device::PollTransmit(net::PacketBatch& to_send) {
  state_->outbox.Poll(to_send);
}

const Counters& Device::counters() const { return state_->counters; }

absl::Duration Device::latest_stamp() const {
  return state_->clock.latest_stamp;
}

}  // namespace warren::wg
