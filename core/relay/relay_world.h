#ifndef WARREN_CORE_RELAY_RELAY_WORLD_H_
#define WARREN_CORE_RELAY_RELAY_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/frame.h"
#include "core/relay/relay.h"

// What the tests of the relay share.
namespace warren::relay {

using crypto::NodeKey;
using crypto::NodePrivateKey;
using derp::FrameType;

inline Instant At(double seconds) {
  return Instant::FromEpoch(absl::Seconds(seconds));
}

// A relay of some shards, whose clients keep up unless they are blocked.
class World {
 public:
  explicit World(uint32_t num_shards = 1, uint64_t rate = 0)
      : server_(NodePrivateKey::Generate(rng_)) {
    for (uint32_t i = 0; i < num_shards; ++i) {
      Config config;
      config.shard = i;
      config.num_shards = num_shards;
      config.rate_bytes_per_second = rate;
      shards_.push_back(std::make_unique<Relay>(config, server_, rng_));
    }
  }

  NodeKey NewKey() { return NodePrivateKey::Generate(rng_).public_key(); }
  // One that belongs to `shard`.
  NodeKey NewKeyOf(uint32_t shard) {
    while (true) {
      const NodeKey key = NewKey();
      if (ShardOf(key, uint32_t(shards_.size())) == shard) return key;
    }
  }
  Relay& ShardWith(const NodeKey& key) {
    return *shards_[ShardOf(key, uint32_t(shards_.size()))];
  }
  ClientId Join(const NodeKey& key) {
    const ClientId id = *ShardWith(key).Register(now_, key);
    keys_[id] = key;
    Drain();
    inbox_[id].clear();
    return id;
  }
  Relay& RelayOf(ClientId id) { return ShardWith(keys_.at(id)); }

  // Gives the relay bytes of a client, draining as it asks.
  Progress Feed(ClientId id, const FrameBytes& bytes) {
    Bytes stream = bytes;
    while (true) {
      const Progress progress = RelayOf(id).FromClient(now_, id, stream);
      Drain();
      if (progress != Progress::kDrainFirst) return progress;
    }
  }
  Progress Send(ClientId from, const NodeKey& to, absl::string_view packet) {
    return Feed(from,
                derp::BuildPacket(FrameType::kSendPacket, to, AsBytes(packet)));
  }
  void Leave(ClientId id) {
    RelayOf(id).OnDisconnected(id);
    Drain();
  }
  void RunUntil(double seconds) {
    now_ = At(seconds);
    for (auto& shard : shards_) shard->OnTimeout(now_);
    Drain();
  }

  // Carries everything everywhere.
  void Drain() {
    bool more = true;
    while (more) {
      more = false;
      for (auto& shard : shards_) {
        while (auto message = shard->PollShardMessage()) {
          const uint32_t to = message->to_shard;
          shards_[to]->FromShard(now_, *std::move(message));
          if (shards_[to]->wants_drain()) Write(*shards_[to]);
          more = true;
        }
        Write(*shard);
        while (const auto closed = shard->PollClosed()) {
          closed_[closed->client] = closed->reason;
        }
      }
    }
  }

  // What a client has received since asked last: "type:payload" of each.
  std::string Received(ClientId id) {
    derp::FrameReader reader(derp::Reader::kClient);
    const FrameBytes bytes = std::exchange(inbox_[id], {});
    Bytes stream = bytes;
    std::vector<std::string> out;
    while (true) {
      const auto frame = reader.Next(stream);
      if (!frame.ok() || !*frame) break;
      out.push_back(Describe(**frame));
    }
    return absl::StrJoin(out, " ");
  }
  std::optional<CloseReason> ClosedFor(ClientId id) const {
    const auto it = closed_.find(id);
    if (it == closed_.end()) return std::nullopt;
    return it->second;
  }
  std::string NameOf(const NodeKey& key) const {
    const auto it = names_.find(key);
    return it == names_.end() ? "?" : it->second;
  }
  NodeKey Named(const std::string& name, NodeKey key) {
    names_[key] = name;
    return key;
  }
  Relay& shard(size_t i) { return *shards_[i]; }
  Instant now() const { return now_; }

 private:
  void Write(Relay& shard) {
    while (const auto id = shard.PollReady()) {
      while (shard.TakeOutput(*id, SIZE_MAX, inbox_[*id])) {
      }
    }
  }
  std::string Describe(const derp::Frame& frame) const {
    switch (frame.type) {
      case FrameType::kRecvPacket: {
        const auto parts = derp::SplitKey(frame.payload);
        return absl::StrCat(NameOf(parts->key), ":", AsText(parts->rest));
      }
      case FrameType::kPeerGone: {
        const auto parts = derp::SplitKey(frame.payload);
        return absl::StrCat(parts->rest[0] == 1 ? "not_here:" : "gone:",
                            NameOf(parts->key));
      }
      case FrameType::kKeepAlive:
        return "keepalive";
      case FrameType::kPong:
        return absl::StrCat("pong:", AsText(frame.payload));
      case FrameType::kRestarting:
        return "restarting";
      case FrameType::kServerInfo:
        return "server_info";
      default:
        return "other";
    }
  }

  SeededRng rng_{1};
  NodePrivateKey server_;
  Instant now_ = At(0);
  std::vector<std::unique_ptr<Relay>> shards_;
  std::map<ClientId, NodeKey> keys_;
  std::map<NodeKey, std::string> names_;
  std::map<ClientId, FrameBytes> inbox_;
  std::map<ClientId, CloseReason> closed_;
};

// A packet that looks like disco to a relay.
inline std::string Disco() {
  return std::string("TS\xf0\x9f\x92\xac") + std::string(56, 'd');
}

}  // namespace warren::relay

#endif  // WARREN_CORE_RELAY_RELAY_WORLD_H_
