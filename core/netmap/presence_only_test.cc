#include "core/netmap/presence_only.h"

#include <functional>
#include <memory>
#include <utility>

#include "core/policy/policy_text.h"
#include "gtest/gtest.h"

namespace warren::netmap {
namespace {

NodeTable::Shared NodeNumber(int64_t id) {
  auto node = std::make_shared<SnapshotNode>();
  node->node.id = NodeId(id);
  node->node.name = "n";
  node->node.endpoints = {*net::Endpoint::Parse("192.0.2.1:7")};
  return node;
}

std::shared_ptr<const policy::Compiled> AnyPolicy() {
  return policy::Compiled::Make(
      std::make_shared<const policy::Policy>(policy::ParsePolicy("{}").policy),
      std::make_shared<const policy::Topology>());
}

Snapshot Tailnet() {
  Snapshot out;
  out.version = 4;
  out.own.policy = AnyPolicy();
  out.own.nodes.Put(NodeNumber(1));
  out.own.nodes.Put(NodeNumber(2));
  out.shared.resize(1);
  out.shared[0].nodes.Put(NodeNumber(3));
  return out;
}

void Change(NodeTable& nodes, int64_t id,
            const std::function<void(SnapshotNode&)>& change) {
  auto anew = std::make_shared<SnapshotNode>(*nodes.Find(NodeId(id)));
  change(*anew);
  nodes.Put(std::move(anew));
}

TEST(OnlyPresenceDiffers, TellsItFromWhateverElseThereIs) {
  using Edit = std::function<void(Snapshot&)>;
  const auto node = [](const std::function<void(SnapshotNode&)>& change) {
    return [change](Snapshot& s) { Change(s.own.nodes, 2, change); };
  };
  const struct {
    const char* name;
    Edit edit;
    bool only_presence;
  } kCases[] = {
      {"a version alone", [](Snapshot& s) { s.version = 5; }, true},
      {"online", node([](SnapshotNode& n) { n.node.online = true; }), true},
      {"last seen",
       node([](SnapshotNode& n) { n.node.last_seen = absl::Seconds(9); }),
       true},
      {"a node elsewhere goes online",
       [](Snapshot& s) {
         Change(s.shared[0].nodes, 3,
                [](SnapshotNode& n) { n.node.online = true; });
       },
       true},
      {"online and elsewhere", node([](SnapshotNode& n) {
         n.node.online = true;
         n.node.endpoints.clear();
       }),
       false},
      {"expiry",
       node([](SnapshotNode& n) { n.node.key_expiry = absl::Seconds(1); }),
       false},
      {"waits", node([](SnapshotNode& n) { n.waits_for_approval = true; }),
       false},
      {"a new node", [](Snapshot& s) { s.own.nodes.Put(NodeNumber(9)); },
       false},
      {"a node less", [](Snapshot& s) { s.own.nodes.Erase(NodeId(1)); }, false},
      {"another policy", [](Snapshot& s) { s.own.policy = AnyPolicy(); },
       false},
      {"its number", [](Snapshot& s) { s.policy_version = 2; }, false},
      {"a share less", [](Snapshot& s) { s.shared.clear(); }, false},
      {"the name", [](Snapshot& s) { s.tailnet = "other"; }, false},
      {"the domain", [](Snapshot& s) { s.domain = "other"; }, false},
  };
  const Snapshot before = Tailnet();
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    Snapshot after = before;
    c.edit(after);
    EXPECT_EQ(OnlyPresenceDiffers(before, after), c.only_presence);
  }
}

}  // namespace
}  // namespace warren::netmap
