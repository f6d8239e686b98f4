#ifndef WARREN_CORE_POLICY_DEVICE_NAMES_H_
#define WARREN_CORE_POLICY_DEVICE_NAMES_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/policy/topology.h"

namespace warren::policy {

// A set of the nodes of a topology, by their place in it.
class NodeSet {
 public:
  NodeSet() = default;
  explicit NodeSet(size_t num_nodes) : words_((num_nodes + 63) / 64) {}
  void Add(size_t node) { words_[node / 64] |= Bit(node); }
  bool Has(size_t node) const { return (words_[node / 64] & Bit(node)) != 0; }
  bool empty() const;
  size_t size() const;
  void Unite(const NodeSet& other);
  // The members that `other` has not.
  NodeSet Without(const NodeSet& other) const;
  friend auto operator<=>(const NodeSet&, const NodeSet&) = default;

 private:
  static uint64_t Bit(size_t node) { return uint64_t{1} << (node % 64); }
  std::vector<uint64_t> words_;
};

// Says whom a set of nodes stands for, as short as can be: by the users and
// tags whose devices are all in it.
class DeviceNames {
 public:
  explicit DeviceNames(const Topology& topology);

  // "every device"; else one text for each user, or set of tags:
  // "alice@example.com (2 devices)", "tag:web (only web-1, web-2)".
  // Ascending.
  std::vector<std::string> Describe(const NodeSet& nodes) const;

 private:
  const Topology& topology_;
  std::map<std::string, std::vector<size_t>> classes_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_DEVICE_NAMES_H_
