// The configuration lane of a Device.

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/wg/device.h"
#include "core/wg/device_state.h"

namespace warren::wg {
namespace {

absl::Status NoSuchPeer(PeerIndex peer) {
  return absl::NotFoundError(absl::StrCat("WireGuard: no peer ", peer));
}

}  // namespace

void Device::SetPrivateKey(Instant now,
                           std::optional<crypto::NodePrivateKey> key) {
  State& s = *state_;
  s.Enter(now);
  if (s.identity && key &&
      crypto::ConstantTimeEqual(s.identity->key.Expose(), key->Expose())) {
    return;  // `wg syncconf` says what is already so.
  }
  for (const auto& peer : s.peers) {
    if (peer == nullptr) continue;
    s.ZeroKeys(*peer);
    if (key && peer->key == key->public_key()) s.Remove(*peer);
  }
  s.identity.reset();
  if (key) s.identity.emplace(*std::move(key));
  s.Settle();
}

void Device::SetMtu(uint16_t mtu_bytes) {
  state_->config.mtu_bytes = mtu_bytes;
}

absl::StatusOr<PeerIndex> Device::AddPeer(Instant now, PeerConfig config) {
  State& s = *state_;
  s.Enter(now);
  if (config.key.IsZero()) {
    return absl::InvalidArgumentError("WireGuard: a peer with an absent key");
  }
  if (s.identity && config.key == s.identity->key.public_key()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "WireGuard: peer ", config.key.ShortString(), " is this device"));
  }
  if (s.by_key.contains(config.key)) {
    return absl::AlreadyExistsError(absl::StrCat(
        "WireGuard: peer ", config.key.ShortString(), " is there already"));
  }
  if (s.by_key.size() >= kMaxPeers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("WireGuard: a device has at most ", kMaxPeers, " peers"));
  }
  const auto index = static_cast<PeerIndex>(s.peers.size());
  s.peers.push_back(std::make_unique<Peer>(index, config.key));
  s.by_key.emplace(config.key, index);
  const absl::Status allowed = SetAllowedIps(index, config.allowed_ips);
  if (!allowed.ok()) {
    s.Remove(*s.peers[index]);
    return allowed;
  }
  SetPresharedKey(index, std::move(config.psk));
  if (config.endpoint) SetEndpoint(index, *config.endpoint);
  SetPersistentKeepalive(now, index, config.persistent_keepalive);
  return index;
}

PeerIndex Device::FindPeer(const crypto::NodeKey& key) const {
  const auto found = state_->by_key.find(key);
  return found == state_->by_key.end() ? net::kNoPeer : found->second;
}

void Device::State::Remove(Peer& peer) {
  allowed_ips.RemoveAll(peer.index);
  deadlines.Remove(peer.index);
  outbox.Release();
  outbox.Drop(peer.index);
  by_key.erase(peer.key);
  peers[peer.index].reset();  // The last: it ends `peer`.
}

bool Device::RemovePeer(PeerIndex peer) {
  Peer* const found = state_->Get(peer);
  if (found == nullptr) return false;
  state_->Remove(*found);
  state_->Settle();
  return true;
}

bool Device::SetPresharedKey(PeerIndex peer, crypto::PresharedKey psk) {
  Peer* const found = state_->Get(peer);
  if (found == nullptr) return false;
  found->psk = std::move(psk);
  return true;
}

bool Device::SetEndpoint(PeerIndex peer, const net::Endpoint& endpoint) {
  Peer* const found = state_->Get(peer);
  if (found == nullptr) return false;
  found->where.endpoint = endpoint;
  return true;
}

bool Device::SetPersistentKeepalive(Instant now, PeerIndex peer,
                                    absl::Duration interval) {
  state_->Enter(now);
  Peer* const found = state_->Get(peer);
  if (found == nullptr) return false;
  found->timers.SetPersistentKeepalive(
      now, std::max(interval, absl::ZeroDuration()));
  state_->Schedule(*found);
  state_->Settle();
  return true;
}

absl::Status Device::SetAllowedIps(PeerIndex peer,
                                   std::span<const net::IpPrefix> prefixes) {
  AllowedIps& trie = state_->allowed_ips;
  if (state_->Get(peer) == nullptr) return NoSuchPeer(peer);
  const std::set<net::IpPrefix> wanted(prefixes.begin(), prefixes.end());
  const auto held = trie.PrefixesOf(peer);
  const auto added = static_cast<size_t>(
      std::count_if(wanted.begin(), wanted.end(), [&](const auto& prefix) {
        return trie.OwnerOf(prefix) == net::kNoPeer;
      }));
  if (trie.size() + added > kMaxAllowedIps) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "WireGuard: a device has at most ", kMaxAllowedIps, " allowed IPs"));
  }
  for (const net::IpPrefix& prefix : held) {
    if (!wanted.contains(prefix)) trie.Remove(prefix, peer);
  }
  for (const net::IpPrefix& prefix : wanted) trie.Insert(prefix, peer);
  return absl::OkStatus();
}

absl::Status Device::AddAllowedIp(PeerIndex peer, const net::IpPrefix& prefix) {
  if (state_->Get(peer) == nullptr) return NoSuchPeer(peer);
  AllowedIps& trie = state_->allowed_ips;
  if (trie.size() >= kMaxAllowedIps && trie.OwnerOf(prefix) == net::kNoPeer) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "WireGuard: a device has at most ", kMaxAllowedIps, " allowed IPs"));
  }
  trie.Insert(prefix, peer);
  return absl::OkStatus();
}

bool Device::RemoveAllowedIp(PeerIndex peer, const net::IpPrefix& prefix) {
  return state_->allowed_ips.Remove(prefix, peer);
}

bool Device::StartHandshake(Instant now, PeerIndex peer) {
  state_->Enter(now);
  Peer* const found = state_->Get(peer);
  if (found == nullptr) return false;
  state_->SendInitiation(now, *found, /*is_retry=*/false);
  state_->Settle();
  return true;
}

bool Device::HastenHandshake(Instant now, PeerIndex peer, bool surely_lost) {
  state_->Enter(now);
  Peer* const found = state_->Get(peer);
  if (found == nullptr) return false;
  HandshakeMemory& memory = found->handshakes;
  if (found->timers.IsRetransmitting()) {
    const absl::Duration gap =
        std::min(kRekeyTimeout, kMinRetry * (1 << std::min(memory.retries, 5)));
    const Instant at = surely_lost ? now : std::max(now, memory.sent_at + gap);
    found->timers.HastenRetransmission(at);
    memory.may_hurry = true;
    state_->Schedule(*found);
  }
  state_->Settle();
  return true;
}

// ---- What is configured ----

std::vector<PeerIndex> Device::Peers() const {
  std::vector<PeerIndex> indices;
  for (const auto& peer : state_->peers) {
    if (peer != nullptr) indices.push_back(peer->index);
  }
  return indices;
}

std::optional<PeerInfo> Device::Info(PeerIndex peer) const {
  const Peer* const found = state_->Get(peer);
  if (found == nullptr) return std::nullopt;
  const Session* const session = found->sessions.current();
  return PeerInfo{
      .key = found->key,
      .endpoint = found->where.endpoint,
      .persistent_keepalive = found->timers.persistent_keepalive(),
      .allowed_ips = state_->allowed_ips.PrefixesOf(peer),
      .rx_bytes = found->traffic.rx_bytes,
      .tx_bytes = found->traffic.tx_bytes,
      .last_handshake = found->traffic.last_handshake,
      .last_received = found->traffic.last_received,
      .has_session = session != nullptr && session->CanSend(state_->clock.now),
  };
}

const crypto::NodePrivateKey* Device::private_key() const {
  return state_->identity ? &state_->identity->key : nullptr;
}

const crypto::PresharedKey* Device::preshared_key(PeerIndex peer) const {
  const Peer* const found = state_->Get(peer);
  return found == nullptr ? nullptr : &found->psk;
}

PeerIndex Device::PeerFor(const net::IpAddress& address) const {
  return state_->allowed_ips.Lookup(address);
}

}  // namespace warren::wg
