#include "control/stream/netmap_feed.h"

#include <map>
#include <optional>
#include <set>
#include <string>

#include "control/coordinator/default_policy.h"
#include "control/coordinator/directory_fixture.h"
#include "core/netmap/netmap.h"
#include "core/policy/policy_text.h"
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
    if ((*update)->update.has_full()) {
      has = *convert::FromProto((*update)->update.full());
      return absl::OkStatus();
    }
    const auto diff = convert::FromProto((*update)->update.diff());
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
    switch (rng.Below(10)) {
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
      case 6:
        EditPolicy(rng);
        return;
      default:
        if (node != nullptr) EditNode(rng, n, *node);
    }
  }

  void EditPolicy(SeededRng& rng) {
    static const auto kParsed = [] {
      std::vector<std::shared_ptr<const policy::Policy>> all;
      for (const char* text :
           {kDefaultPolicy, R"({"acls": []})",
            R"({"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]})",
            R"({"grants": [{"src": ["alice@"], "dst": ["bob@"],
                            "ip": ["tcp:22"]}]})",
            R"({"grants": [{"src": ["bob@"], "dst": ["alice@"],
                            "app": {"example.com/cap/x": [1]}}],
                "nodeAttrs": [{"target": ["*"], "attr": ["disable-ipv4"]}]})"}) {
        const policy::ParsedPolicy parsed = policy::ParsePolicy(text);
        EXPECT_TRUE(parsed.ok()) << text;
        all.push_back(std::make_shared<policy::Policy>(parsed.policy));
      }
      return all;
    }();
    PolicyRecord record;
    record.version = tailnet().access.policy.version + 1;
    directory_->SetParsedPolicy(tailnet(), record,
                                kParsed[rng.Below(kParsed.size())]);
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
    for (const auto& [id, node] : tailnet().nodes) {
      if (listeners.try_emplace(id, id).second) marked_.insert(id);
    }
    for (auto it = listeners.begin(); it != listeners.end();) {
      // Whom no publication named since need not be told.
      const absl::Status heard = marked_.erase(it->first) > 0
                                     ? it->second.Hear(tailnet().snapshot)
                                     : absl::OkStatus();
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

  // Nobody is ever between two states: what is granted to some comes to each
  // receiver together with what is taken from others at the same time.
  void ExpectWholeState(const Listener& listener, NodeId id) {
    netmap::Netmap whole = *netmap::Compile(*tailnet().snapshot, id);
    whole.version = listener.has.version;
    EXPECT_EQ(listener.has, whole);
  }

  // As StreamHub does.
  void Mark(const std::map<NodeId, Listener>& listeners) {
    for (const Publication& publication : published_) {
      for (const auto& [id, listener] : listeners) {
        if (publication.everyone) marked_.insert(id);
      }
      marked_.insert(publication.affected.begin(), publication.affected.end());
      marked_.insert(publication.removed.begin(), publication.removed.end());
    }
    published_.clear();
  }

  UserId users_[2];
  std::set<NodeId> marked_;  // may see something else than they were told
};

TEST_F(NetmapFeedTest, WhatANodeHasHeardIsWhatIsTrue) {
  users_[0] = alice_;
  users_[1] = AddUser("bob");
  SeededRng rng(7);
  std::map<NodeId, Listener> listeners;
  for (int round = 0; round < 1500; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    for (uint64_t n = rng.Below(4); n > 0; --n) Edit(rng);
    directory_->Publish();
    Mark(listeners);
    // A slow reader skips states and owes one difference.
    for (auto& [id, listener] : listeners) {
      if (rng.Below(2)) continue;
      if (!marked_.contains(id)) {
        listener.feed.SkipTo(tailnet().snapshot);
      } else if (listener.Hear(tailnet().snapshot).ok()) {
        marked_.erase(id);
        ExpectWholeState(listener, id);
      }
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
