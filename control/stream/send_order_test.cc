#include "control/stream/send_order.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/coordinator/default_policy.h"
#include "control/coordinator/directory_fixture.h"
#include "core/policy/policy_text.h"
#include "io/rpc.h"
#include "proto/convert/netmap.h"

namespace warren::control {
namespace {

using netmap::Netmap;

// One permitted flow as its receiver enforces it, or one known peer.
std::set<std::string> RightsOf(const Netmap& netmap) {
  std::set<std::string> rights;
  for (const auto& [id, peer] : netmap.peers) {
    for (const net::IpPrefix& prefix : peer.allowed_ips) {
      rights.insert(absl::StrCat("to ", id.value(), " ", prefix.ToString()));
    }
  }
  for (const filter::Rule& rule : netmap.filter) {
    for (const net::IpPrefix& source : rule.sources) {
      for (const filter::Destination& to : rule.destinations) {
        rights.insert(absl::StrCat("from ", source.ToString(), " to ",
                                   to.prefix.ToString(), ":", to.first_port));
      }
    }
  }
  return rights;
}

bool Lacks(const std::set<std::string>& some,
           const std::set<std::string>& all) {
  return !std::ranges::includes(all, some);
}

// A device: its stream at the server, and what it has made of the messages.
struct Device {
  std::shared_ptr<NetmapStream> stream;
  std::shared_ptr<io::RpcCall> call;
  Netmap has;
  bool whole = false;    // it has been told everything once
  bool blocked = false;  // its connection takes nothing
  bool owes = false;     // there is a message under way
};

// What a message did to the device that it was for.
struct Told {
  NodeId node;
  bool first, takes, gives;
};

class SendOrderTest : public DirectoryFixture {
 protected:
  static constexpr int kDevices = 24;

  SendOrderTest() : outbox_(std::make_shared<io::RpcOutbox>([] {})) {
    const auto hooks = std::make_shared<NetmapStream::Hooks>();
    hooks->ready = [](const auto&) {};
    hooks->ended = [](const auto&, const auto&) {};
    hooks->now = [] { return Instant(); };
    hooks->unix_now_ms = [] { return kStart; };
    UserId users[4] = {alice_, AddUser("bob"), AddUser("carol"),
                       AddUser("dave")};
    for (int n = 1; n <= kDevices; ++n) {
      const NodeId id = MustJoin(n, users[n % 4]).id;
      Device& device = devices_[id];
      device.call = std::make_shared<io::RpcCall>(
          io::ChannelPeer{}, "/WatchNetmap",
          io::RpcCall::Place{outbox_, static_cast<uint64_t>(id.value()), 1});
      device.stream = NetmapStream::Make(device.call, hooks);
      EXPECT_TRUE(device.stream->Open(*OpenStream(n)));
    }
  }
  ~SendOrderTest() override {
    // As when a connection ends: what holds each other is let go.
    for (auto& [id, device] : devices_) device.call->TellEnded();
  }

  // Between three of the four users and some ports: closes and opens much.
  void ChangePolicy(SeededRng& rng) {
    const char* const names[] = {"alice@", "bob@", "carol@", "dave@"};
    std::string grants;
    for (uint64_t n = 1 + rng.Below(5); n > 0; --n) {
      absl::StrAppend(&grants, grants.empty() ? "" : ",", R"({"src": [")",
                      names[rng.Below(4)], R"("], "dst": [")",
                      names[rng.Below(4)], R"("], "ip": ["tcp:)",
                      22 + rng.Below(2), R"("]})");
    }
    PolicyRecord record;
    record.version = tailnet().access.policy.version + 1;
    const auto parsed =
        policy::ParsePolicy(absl::StrCat(R"({"grants": [)", grants, "]}"));
    ASSERT_TRUE(parsed.ok());
    directory_->SetParsedPolicy(
        tailnet(), record, std::make_shared<policy::Policy>(parsed.policy));
  }

  // One round of the hub, with everybody marked; in the order of sending.
  std::vector<Told> Round(size_t max_held = kMaxHeldNews) {
    directory_->Publish();
    std::vector<StreamNews> all;
    for (auto& [id, device] : devices_) {
      all.push_back({device.stream, tailnet().snapshot});
    }
    SendInOrder(std::move(all), max_held);
    std::vector<Told> told;
    for (const io::RpcOutbox::Item& item : outbox_->Take()) {
      const NodeId id(static_cast<int64_t>(item.connection));
      EXPECT_EQ(item.kind, io::RpcOutbox::Kind::kMessage);
      told.push_back(Hear(id, item.message));
      Device& device = devices_.at(id);
      device.owes = device.blocked;
      if (!device.blocked) device.call->TellSent();
    }
    return told;
  }

  Told Hear(NodeId id, const std::string& bytes) {
    v1::NetmapUpdate update;
    EXPECT_TRUE(update.ParseFromString(bytes));
    EXPECT_EQ(update.server_time_ms(), kStart);
    Device& device = devices_.at(id);
    const auto before = RightsOf(device.has);
    const bool first = !std::exchange(device.whole, true);
    EXPECT_EQ(update.has_full(), first);
    if (first) {
      device.has = *convert::FromProto(update.full());
    } else {
      EXPECT_TRUE(
          netmap::Apply(*convert::FromProto(update.diff()), device.has).ok());
    }
    const auto after = RightsOf(device.has);
    return {id, first, Lacks(before, after), Lacks(after, before)};
  }

  // The rule of the header, whatever the messages say of themselves.
  static void ExpectOrder(const std::vector<Told>& told) {
    int phase = 0;
    for (const Told& one : told) {
      const int due = one.first ? 1 : !one.gives ? 0 : one.takes ? 1 : 2;
      EXPECT_GE(due, phase) << "node " << one.node.value();
      phase = std::max(phase, due);
    }
  }

  Netmap Fresh(NodeId id) { return *netmap::Compile(*tailnet().snapshot, id); }

  std::shared_ptr<io::RpcOutbox> outbox_;
  std::map<NodeId, Device> devices_;
};

TEST_F(SendOrderTest, WhoLosesIsToldBeforeWhoGains) {
  SeededRng rng(3);
  Round();
  int mixed = 0;
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    ChangePolicy(rng);
    const std::vector<Told> told = Round();
    ExpectOrder(told);
    std::set<std::pair<bool, bool>> kinds;
    for (const Told& one : told) kinds.emplace(one.takes, one.gives);
    mixed += kinds.size() == 3;
    for (const auto& [id, device] : devices_) ASSERT_EQ(device.has, Fresh(id));
    if (HasFailure()) return;
  }
  EXPECT_GT(mixed, 20);  // losing, gaining and both at once
}

TEST_F(SendOrderTest, TheOrderStandsWhenLittleMayWait) {
  SeededRng rng(4);
  Round();
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(round);
    ChangePolicy(rng);
    ExpectOrder(Round(/*max_held=*/round * 20));
    for (const auto& [id, device] : devices_) ASSERT_EQ(device.has, Fresh(id));
    if (HasFailure()) return;
  }
}

TEST_F(SendOrderTest, ASlowReaderOwesOneDifferenceAndHoldsUpNobody) {
  SeededRng rng(5);
  Round();
  for (auto& [id, device] : devices_) device.blocked = rng.Below(4) == 0;
  for (int round = 0; round < 50; ++round) {
    ChangePolicy(rng);
    std::set<NodeId> heard;
    std::set<NodeId> may_not;
    for (auto& [id, device] : devices_) {
      if (device.owes) may_not.insert(id);
    }
    const std::vector<Told> told = Round();
    ExpectOrder(told);
    for (const Told& one : told) {
      EXPECT_TRUE(heard.insert(one.node).second);
      EXPECT_FALSE(may_not.contains(one.node));
    }
    for (const auto& [id, device] : devices_) {
      EXPECT_TRUE(device.blocked || device.has == Fresh(id));
    }
  }
  // They read again: one message each, from what they have to what is true.
  std::map<NodeId, netmap::NetmapDiff> owed;
  for (auto& [id, device] : devices_) {
    if (!device.blocked) continue;
    EXPECT_TRUE(device.owes) << id.value();
    const auto diff = netmap::Diff(device.has, Fresh(id));
    EXPECT_EQ(diff.Empty(), device.has == Fresh(id));
    if (!diff.Empty()) owed.emplace(id, diff);
    device.blocked = device.owes = false;
    device.call->TellSent();
  }
  EXPECT_GT(owed.size(), 2u);
  const std::vector<Told> told = Round();
  ExpectOrder(told);
  EXPECT_EQ(told.size(), owed.size());
  for (const auto& [id, device] : devices_) EXPECT_EQ(device.has, Fresh(id));
  EXPECT_TRUE(Round().empty());
}

}  // namespace
}  // namespace warren::control
