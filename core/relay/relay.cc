#include "core/relay/relay.h"

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_set.h"
#include "core/base/overloaded.h"
#include "core/derp/frame.h"
#include "core/disco/disco.h"
#include "core/relay/token_bucket.h"

namespace warren::relay {
namespace {

using crypto::NodeKey;
using derp::FrameType;

// What a frame costs at most of the rate limit, and the least burst (§2.13).
constexpr double kMaxFrameCost = 65568;

PacketKind KindOf(Bytes packet) {
  return disco::LooksLikeDisco(packet) ? PacketKind::kDisco
                                       : PacketKind::kOther;
}

}  // namespace

struct Relay::Client {
  Client(ClientId client_id, const NodeKey& node_key, Instant now)
      : id(client_id), key(node_key), gone_bucket(1, 3, now) {}

  const ClientId id;
  const NodeKey key;
  derp::FrameReader reader{derp::Reader::kServer};
  SendQueue queue;
  bool ready = false;                    // in outbox_.ready
  bool blocked = false;                  // the driver cannot write to it
  bool preferred = false;                // calls this relay its home
  uint64_t spoke_at = 0;                 // frames_seen_ at its last frame
  absl::flat_hash_set<NodeKey> sources;  // bounded by kMaxSources
  TokenBucket gone_bucket;               // of PeerGone(not here): 1/s, 3
  struct Rate {
    TokenBucket bucket;
    Instant readable_at;
  };
  std::optional<Rate> rate;
  struct Times {
    absl::Duration keep_alive_every;
    Instant keep_alive;
    Instant stall = Instant::Never();
    Instant set = Instant::Never();  // the entry in timers_
  } times;
};

uint32_t ShardOf(const NodeKey& key, uint32_t num_shards) {
  // Public keys are uniform enough in any of their bytes but the last.
  return LoadBe32(key.bytes().data()) % num_shards;
}

Relay::Relay(const Config& config, const crypto::NodePrivateKey& server,
             Rng& rng)
    : config_(config), server_(server), rng_(rng) {}

Relay::~Relay() = default;

Relay::Client* Relay::Find(ClientId id) const {
  const auto it = clients_.find(id);
  return it == clients_.end() ? nullptr : it->second.get();
}

absl::StatusOr<ClientId> Relay::Register(Instant now, const NodeKey& key) {
  auto info = derp::BuildServerInfo(server_, key, {}, rng_);
  if (!info) {
    return absl::InvalidArgumentError("DERP login: the key is unusable");
  }
  const ClientId id(uint64_t{config_.shard} << 48 | next_id_++);
  auto owned = std::make_unique<Client>(id, key, now);
  Client& client = *owned;
  clients_.emplace(id, std::move(owned));
  if (config_.rate_bytes_per_second != 0) {
    const double burst =
        std::max(kMaxFrameCost, static_cast<double>(config_.rate_burst_bytes));
    client.rate.emplace(Client::Rate{
        TokenBucket(static_cast<double>(config_.rate_bytes_per_second), burst,
                    now),
        now});
  }
  client.times.keep_alive_every = kKeepAlive + rng_.Jitter(kKeepAliveJitter);
  client.times.keep_alive = now + client.times.keep_alive_every;
  SetTimer(client);
  Connections& same = by_key_[key];
  same.clients.push_back(&client);
  same.active = &client;
  client.queue.PushControl(*std::move(info));
  MarkReady(client);
  ++counters_.logins;
  ++counters_.clients;
  return id;
}

Progress Relay::FromClient(Instant now, ClientId id, Bytes& stream) {
  Client* client = Find(id);
  if (client == nullptr) return Progress::kClosed;
  while (!stream.empty()) {
    if (wants_drain_) return Progress::kDrainFirst;
    const auto frame = client->reader.Next(stream);
    if (!frame.ok()) {
      Close(*client, CloseReason::kBadFrame);
      return Progress::kClosed;
    }
    if (!*frame) break;
    if (OnFrame(now, *client, **frame) == Progress::kClosed) {
      return Progress::kClosed;
    }
  }
  return Progress::kAll;
}

Progress Relay::OnFrame(Instant now, Client& client, const derp::Frame& frame) {
  client.spoke_at = ++frames_seen_;
  by_key_.find(client.key)->second.active = &client;
  if (client.rate) {
    const double cost =
        std::min(kMaxFrameCost, static_cast<double>(frame.payload.size()));
    client.rate->readable_at = client.rate->bucket.TakeOnCredit(now, cost);
  }
  switch (frame.type) {
    case FrameType::kSendPacket:
      OnSendPacket(now, client, frame.payload);
      return Progress::kAll;
    case FrameType::kNotePreferred: {
      const bool preferred = frame.payload[0] != 0;
      if (preferred && !client.preferred) ++counters_.home_clients;
      if (!preferred && client.preferred) --counters_.home_clients;
      client.preferred = preferred;
      return Progress::kAll;
    }
    case FrameType::kPing: {
      std::array<uint8_t, derp::kPingSize> payload{};
      std::copy_n(frame.payload.begin(), payload.size(), payload.begin());
      if (client.queue.PushPong(payload)) {
        ++counters_.pongs_sent;
        MarkReady(client);
      }
      return Progress::kAll;
    }
    case FrameType::kForwardPacket:
    case FrameType::kWatchConns:
    case FrameType::kClosePeer:
      // No mesh key, so nobody has proven it.
      Close(client, CloseReason::kNotMesh);
      return Progress::kClosed;
    default:
      return Progress::kAll;  // ClientInfo again: means nothing.
  }
}

void Relay::OnSendPacket(Instant now, Client& client, Bytes payload) {
  const auto parts = derp::SplitKey(payload);
  if (!parts) return;  // FrameReader refuses shorter ones.
  ++counters_.packets_received;
  counters_.bytes_received += parts->rest.size();
  by_key_.find(client.key)->second.has_sent = true;
  PacketToShard packet{
      client.key, parts->key, client.id, KindOf(parts->rest),
      derp::BuildPacket(FrameType::kRecvPacket, client.key, parts->rest)};
  const uint32_t shard = ShardOf(parts->key, config_.num_shards);
  if (shard != config_.shard) {
    outbox_.shards.push_back({shard, std::move(packet)});
    return;
  }
  if (const auto why = Deliver(packet)) OnUndelivered(now, *why, packet);
}

std::optional<Drop> Relay::Deliver(PacketToShard& packet) {
  const auto it = by_key_.find(packet.destination);
  if (it == by_key_.end()) return Drop::kNotHere;
  Client* const to = it->second.active;
  if (to == nullptr) return Drop::kNoActive;
  Remember(*to, packet.source);
  ++counters_.packets_sent;
  counters_.bytes_sent += packet.frame.size() - derp::kPacketHeaderSize;
  const size_t dropped = to->queue.Push(packet.kind, std::move(packet.frame));
  for (size_t i = 0; i < dropped; ++i) counters_.Count(Drop::kQueueFull);
  if (!to->blocked && to->queue.full()) wants_drain_ = true;
  MarkReady(*to);
  return std::nullopt;
}

void Relay::OnUndelivered(Instant now, Drop why, const PacketToShard& packet) {
  counters_.Count(why);
  // Others vanish silently: only disco asks whether somebody is there.
  if (why != Drop::kNotHere || packet.kind != PacketKind::kDisco) return;
  const uint32_t shard = ShardOf(packet.source, config_.num_shards);
  if (shard == config_.shard) {
    OnNotHere(now, packet.origin, packet.destination);
  } else {
    outbox_.shards.push_back(
        {shard, PeerNotHere{packet.origin, packet.destination}});
  }
}

void Relay::OnNotHere(Instant now, ClientId origin, const NodeKey& peer) {
  Client* const client = Find(origin);
  if (client == nullptr || !client->gone_bucket.TryTake(now, 1)) return;
  ++counters_.peer_gone_sent;
  client->queue.PushControl(
      derp::BuildPeerGone(peer, derp::GoneReason::kNotHere));
  MarkReady(*client);
}

void Relay::FromShard(Instant now, ShardMessage message) {
  std::visit(
      Overloaded{
          [&](PacketToShard& packet) {
            if (const auto why = Deliver(packet)) {
              OnUndelivered(now, *why, packet);
            }
          },
          [&](const PeerNotHere& m) { OnNotHere(now, m.origin, m.peer); },
          [&](const SourceGone& m) { OnSourceGone(m.source); },
      },
      message.body);
}

void Relay::Remember(Client& client, const NodeKey& source) {
  if (client.sources.size() >= kMaxSources) return;
  if (!client.sources.insert(source).second) return;
  listeners_[source].push_back(client.id);
}

void Relay::OnSourceGone(const NodeKey& source) {
  const auto it = listeners_.find(source);
  if (it == listeners_.end()) return;
  const std::vector<ClientId> told = std::move(it->second);
  listeners_.erase(it);
  for (const ClientId id : told) {
    Client* const client = Find(id);
    if (client == nullptr) continue;
    client->sources.erase(source);
    ++counters_.peer_gone_sent;
    client->queue.PushControl(
        derp::BuildPeerGone(source, derp::GoneReason::kDisconnected));
    MarkReady(*client);
  }
}

void Relay::MarkReady(Client& client) {
  if (client.ready || client.blocked) return;
  client.ready = true;
  outbox_.ready.push_back(client.id);
}

std::optional<ClientId> Relay::PollReady() {
  while (!outbox_.ready.empty()) {
    const ClientId id = outbox_.ready.front();
    outbox_.ready.pop_front();
    Client* const client = Find(id);
    if (client == nullptr) continue;
    client->ready = false;
    if (!client->blocked) return id;
  }
  wants_drain_ = false;
  return std::nullopt;
}

bool Relay::TakeOutput(ClientId id, size_t max_bytes, FrameBytes& out) {
  Client* const client = Find(id);
  if (client == nullptr) return false;
  bool any = false;
  while (out.size() < max_bytes) {
    const auto frame = client->queue.Pop();
    if (!frame) break;
    out.insert(out.end(), frame->begin(), frame->end());
    any = true;
  }
  return any;
}

void Relay::OnBlocked(Instant now, ClientId id) {
  Client* const client = Find(id);
  if (client == nullptr || client->blocked) return;
  client->blocked = true;
  client->times.stall = now + kWriteStall;
  SetTimer(*client);
}

void Relay::OnProgress(Instant now, ClientId id) {
  Client* const client = Find(id);
  if (client == nullptr || !client->blocked) return;
  client->times.stall = now + kWriteStall;
  SetTimer(*client);
}

void Relay::OnUnblocked(ClientId id) {
  Client* const client = Find(id);
  if (client == nullptr || !client->blocked) return;
  client->blocked = false;
  client->times.stall = Instant::Never();
  SetTimer(*client);
  if (!client->queue.empty()) MarkReady(*client);
}

std::optional<Closed> Relay::PollClosed() {
  if (outbox_.closed.empty()) return std::nullopt;
  const Closed closed = outbox_.closed.front();
  outbox_.closed.pop_front();
  return closed;
}

std::optional<ShardMessage> Relay::PollShardMessage() {
  if (outbox_.shards.empty()) return std::nullopt;
  ShardMessage message = std::move(outbox_.shards.front());
  outbox_.shards.pop_front();
  return message;
}

Instant Relay::ReadableAt(ClientId id) const {
  const Client* const client = Find(id);
  if (client == nullptr || !client->rate) return Instant::LongAgo();
  return client->rate->readable_at;
}

void Relay::SetTimer(Client& client) {
  Client::Times& times = client.times;
  const Instant at = std::min(times.keep_alive, times.stall);
  if (at == times.set) return;
  timers_.erase({times.set.SinceEpoch(), client.id});
  times.set = at;
  timers_.insert({at.SinceEpoch(), client.id});
}

void Relay::OnTimeout(Instant now) {
  while (!timers_.empty() && timers_.begin()->first <= now.SinceEpoch()) {
    Client& client = *Find(timers_.begin()->second);
    if (client.times.stall <= now) {
      Close(client, CloseReason::kStalled);
      continue;
    }
    // A blocked client gets none: it has other things to read.
    if (!client.blocked) {
      client.queue.PushControl(derp::BuildFrame(FrameType::kKeepAlive, {}));
      MarkReady(client);
    }
    client.times.keep_alive = now + client.times.keep_alive_every;
    SetTimer(client);
  }
}

Instant Relay::Next() const {
  return timers_.empty() ? Instant::Never()
                         : Instant::FromEpoch(timers_.begin()->first);
}

void Relay::AnnounceRestart(absl::Duration reconnect_in,
                            absl::Duration try_for) {
  const FrameBytes frame = derp::BuildRestarting(
      static_cast<uint32_t>(absl::ToInt64Milliseconds(reconnect_in)),
      static_cast<uint32_t>(absl::ToInt64Milliseconds(try_for)));
  // In the order of the timers: every client has one, and a hash map's order
  // must not reach an output.
  for (const auto& [at, id] : timers_) {
    Client& client = *Find(id);
    client.queue.PushControl(frame);
    MarkReady(client);
  }
}

void Relay::OnDisconnected(ClientId id) {
  Client* const client = Find(id);
  if (client == nullptr) return;
  counters_.Count(CloseReason::kDisconnected);
  Remove(*client);
}

void Relay::Close(Client& client, CloseReason reason) {
  counters_.Count(reason);
  outbox_.closed.push_back({client.id, reason});
  Remove(client);
}

void Relay::Remove(Client& client) {
  for (const NodeKey& source : client.sources) {
    const auto it = listeners_.find(source);
    if (it == listeners_.end()) continue;
    std::erase(it->second, client.id);
    if (it->second.empty()) listeners_.erase(it);
  }
  timers_.erase({client.times.set.SinceEpoch(), client.id});
  if (client.preferred) --counters_.home_clients;
  --counters_.clients;
  RemoveFromKey(client);
  clients_.erase(client.id);
}

void Relay::RemoveFromKey(Client& client) {
  const auto it = by_key_.find(client.key);
  Connections& same = it->second;
  std::erase(same.clients, &client);
  if (same.clients.empty()) {
    const bool has_sent = same.has_sent;
    by_key_.erase(it);
    if (!has_sent) return;  // Nobody heard from it.
    OnSourceGone(client.key);
    for (uint32_t shard = 0; shard < config_.num_shards; ++shard) {
      if (shard == config_.shard) continue;
      outbox_.shards.push_back({shard, SourceGone{client.key}});
    }
    return;
  }
  if (same.clients.size() == 1) {
    same.active = same.clients[0];
    return;
  }
  if (same.active != &client) return;
  // Who spoke last takes over; nobody, when none ever did (§2.10).
  Client* const last =
      *std::max_element(same.clients.begin(), same.clients.end(),
                        [](const Client* a, const Client* b) {
                          return a->spoke_at < b->spoke_at;
                        });
  same.active = last->spoke_at == 0 ? nullptr : last;
}

}  // namespace warren::relay
