#ifndef WARREN_CORE_SIM_LAB_H_
#define WARREN_CORE_SIM_LAB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/netmap/netmap.h"
#include "core/sim/network.h"
#include "core/sim/sim_node.h"
#include "core/sim/sim_relay.h"
#include "core/sim/world.h"

namespace warren::sim {

// A whole tailnet in one process: a world, its network, relays, nodes, and a
// control server that tells every node of every other. What a node reports
// reaches the others 50 ms later, as diffs.
class Lab {
 public:
  explicit Lab(uint64_t seed) : world_(seed), network_(world_) {}

  World& world() { return world_; }
  const World& world() const { return world_; }
  Network& network() { return network_; }
  const Network& network() const { return network_; }

  // Regions 1, 2, ... Add them before the nodes.
  SimRelay& AddRelay();
  SimNode& AddNode(absl::string_view name, const NatKind& kind = kOpen);
  SimNode& AddNode(absl::string_view name, Site& site);
  // On the LAN of `neighbour`, behind its NAT.
  SimNode& AddNeighbour(absl::string_view name, SimNode& neighbour);

  // The node's key expires: its peers no longer hear of it.
  void Expire(const SimNode& node);
  // Reports are kept but not told, or told again: control is slow or away.
  void Pause(bool paused);
  // Called when traffic of a node takes another way.
  using OnPath =
      std::function<void(const SimNode& node, const engine::PathChanged&)>;
  void SetOnPath(OnPath on_path) { on_path_ = std::move(on_path); }
  // What rules every node gets; by default all may talk to all.
  void SetFilter(std::vector<filter::Rule> rules);

 private:
  struct Member {
    std::unique_ptr<SimNode> node;
    netmap::Node record;  // as control knows it
    netmap::Netmap sent;  // as this node has it
    bool has_netmap = false;
  };
  SimNode& AddNodeOn(Host& host);
  void OnReport(NodeId id);
  // Tells every node what changed, once for all changes of an instant.
  void Publish();
  void Tell(Member& member);
  netmap::Netmap Compile(const Member& member) const;

  World world_;
  Network network_;
  std::vector<std::unique_ptr<SimRelay>> relays_;
  std::map<NodeId, Member> members_;
  std::set<NodeId> expired_;
  std::vector<filter::Rule> filter_ = AllowAll();
  uint64_t version_ = 1;
  OnPath on_path_;
  bool publishing_ = false;
  bool paused_ = false;

  static std::vector<filter::Rule> AllowAll();
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_LAB_H_
