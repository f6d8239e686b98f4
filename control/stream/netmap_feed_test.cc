#include "control/stream/netmap_feed.h"

#include <map>
#include <optional>
#include <string>

#include "control/coordinator/directory_fixture.h"
#include "core/netmap/netmap.h"
#include "proto/convert/netmap.h"

namespace warren::control {
namespace {

// A node's end of a stream: what it has made of the updates.
struct Listener {
  explicit Listener(NodeId id) : feed(id) {}

  // NOT_FOUND when the node is gone.
  absl::Status Hear(const std::shared_ptr<const netmap::Snapshot>& snapshot) {
    auto update = feed.Next(snapshot);
    if (!update.ok()) return update.status();
    if (!update->has_value()) return absl::OkStatus();
    if ((*update)->has_full()) {
      has = *convert::FromProto((*update)->full());
      return absl::OkStatus();
    }
    const auto diff = convert::FromProto((*update)->diff());
    return diff.ok() ? netmap::Apply(*diff, has) : diff.status();
  }

  NetmapFeed feed;
  netmap::Netmap has;
};

class NetmapFeedTest : public DirectoryFixture {
 protected:
  static constexpr int kMachines = 6;

  // One random thing that an administrator, a node or time may do.
  void Edit(SeededRng& rng) {
    const int n = static_cast<int>(1 + rng.Below(kMachines));
    const auto key = KeyNumber<crypto::NodeKey>(n);
    NodeState* const node = directory_->NodeByKey(key).second;
    switch (rng.Below(9)) {
      case 0:
      case 1:
        Join(Machine(n, AddKey({.ephemeral = rng.Below(3) == 0},
                               users_[rng.Below(2)])))
            .IgnoreError();
        return;
      case 2:
        OpenStream(n).IgnoreError();
        return;
      case 3:
        if (node != nullptr) {
          StreamClosed(*directory_,
                       {tailnet().record.id, node->record.id, node->stream},
                       now_);
        }
        return;
      case 4:
        Pass(static_cast<int64_t>(rng.Below(3)) * kMinute);
        return;
      case 5:
        PutRelay(*directory_, order(), tailnet(), Region(rng)).IgnoreError();
        return;
      default:
        if (node != nullptr) EditNode(rng, n, *node);
    }
  }

  void EditNode(SeededRng& rng, int n, const NodeState& node) {
    ReportCommand report;
    report.machine = KeyNumber<crypto::MachineKey>(n);
    report.node_key = KeyNumber<crypto::NodeKey>(n);
    report.reach.home_relay = RelayId(static_cast<uint16_t>(rng.Below(3)));
    absl::Status done;
    switch (rng.Below(4)) {
      case 0:
        done = Report(*directory_, report, now_);
        break;
      case 1:
        done = RenameNode(*directory_, order(), tailnet(), node,
                          "n" + std::to_string(rng.Below(4)));
        break;
      case 2:
        done = DeleteNode(*directory_, order(), tailnet(), node);
        break;
      default:
        done =
            SetNodeExpiry(*directory_, order(), tailnet(), node,
                          now_ + static_cast<int64_t>(rng.Below(4)) * kMinute);
    }
    done.IgnoreError();
  }

  static derp::RelayRegion Region(SeededRng& rng) {
    derp::RelayRegion region{RelayId(900), "lab", "", false, {}};
    region.nodes.resize(1);
    region.nodes[0].name = "900a";
    region.nodes[0].hostname = "relay" + std::to_string(rng.Below(3));
    return region;
  }

  // Every listener hears the newest state; then it knows what a new one would.
  void ExpectAllUpToDate(std::map<NodeId, Listener>& listeners) {
    for (const auto& [id, node] : tailnet().nodes)
      listeners.try_emplace(id, id);
    for (auto it = listeners.begin(); it != listeners.end();) {
      const absl::Status heard = it->second.Hear(tailnet().snapshot);
      const auto fresh = netmap::Compile(*tailnet().snapshot, it->first);
      if (!fresh) {
        EXPECT_EQ(heard.code(), absl::StatusCode::kNotFound);
        it = listeners.erase(it);
        continue;
      }
      EXPECT_TRUE(heard.ok()) << heard;
      netmap::Netmap has = it->second.has;
      EXPECT_LE(has.version, fresh->version);
      has.version = fresh->version;  // unchanged for this node since then
      EXPECT_EQ(has, *fresh);
      ++it;
    }
  }

  UserId users_[2];
};

TEST_F(NetmapFeedTest, WhatANodeHasHeardIsWhatIsTrue) {
  users_[0] = alice_;
  users_[1] = AddUser("bob");
  SeededRng rng(7);
  std::map<NodeId, Listener> listeners;
  for (int round = 0; round < 400; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    for (uint64_t n = rng.Below(4); n > 0; --n) Edit(rng);
    directory_->Publish();
    // A slow reader skips states and owes one difference.
    for (auto& [id, listener] : listeners) {
      if (rng.Below(2)) listener.Hear(tailnet().snapshot).IgnoreError();
    }
    if (rng.Below(4) == 0) ExpectAllUpToDate(listeners);
    if (HasFailure()) return;
  }
  ExpectAllUpToDate(listeners);
}

TEST_F(NetmapFeedTest, SaysNothingWhenNothingTheNodeSeesHasChanged) {
  const NodeId id = MustJoin(1).id;
  const UserId bob = AddUser("bob");
  directory_->Publish();
  NetmapFeed feed(id);
  EXPECT_TRUE(feed.Next(tailnet().snapshot)->has_value());
  MustJoin(2, bob);
  directory_->Publish();
  EXPECT_FALSE(feed.Next(tailnet().snapshot)->has_value());
  EXPECT_EQ(feed.Next(nullptr).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace warren::control
