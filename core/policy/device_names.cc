#include "core/policy/device_names.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace warren::policy {
namespace {

constexpr size_t kMaxNamed = 4;  // of the devices of one class

std::string Devices(size_t n) {
  return absl::StrCat(n, n == 1 ? " device" : " devices");
}

std::string ClassOf(const Topology& topology, const Node& node) {
  if (!node.tags.empty()) return absl::StrJoin(node.tags, "+");
  for (const User& user : topology.users) {
    if (user.id == node.user) return user.login;
  }
  return "nobody's";
}

}  // namespace

bool NodeSet::empty() const {
  return std::all_of(words_.begin(), words_.end(),
                     [](uint64_t word) { return word == 0; });
}

size_t NodeSet::size() const {
  size_t count = 0;
  for (const uint64_t word : words_) {
    count += static_cast<size_t>(std::popcount(word));
  }
  return count;
}

void NodeSet::Unite(const NodeSet& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

NodeSet NodeSet::Without(const NodeSet& other) const {
  NodeSet rest = *this;
  for (size_t i = 0; i < words_.size(); ++i) rest.words_[i] &= ~other.words_[i];
  return rest;
}

DeviceNames::DeviceNames(const Topology& topology) : topology_(topology) {
  for (size_t i = 0; i < topology.nodes.size(); ++i) {
    classes_[ClassOf(topology, topology.nodes[i])].push_back(i);
  }
}

std::vector<std::string> DeviceNames::Describe(const NodeSet& nodes) const {
  const size_t all = topology_.nodes.size();
  if (all > 1 && nodes.size() == all) return {"every device"};
  std::vector<std::string> texts;
  for (const auto& [name, members] : classes_) {
    std::vector<std::string> in;
    for (const size_t member : members) {
      if (nodes.Has(member)) in.push_back(topology_.nodes[member].name);
    }
    if (in.empty()) continue;
    if (in.size() == members.size()) {
      texts.push_back(in.size() == 1
                          ? absl::StrCat(name, " (", in[0], ")")
                          : absl::StrCat(name, " (", Devices(in.size()), ")"));
      continue;
    }
    const size_t more = in.size() > kMaxNamed ? in.size() - kMaxNamed : 0;
    in.resize(in.size() - more);
    texts.push_back(absl::StrCat(
        name, " (only ", absl::StrJoin(in, ", "),
        more == 0 ? "" : absl::StrCat(" and ", more, " more"), ")"));
  }
  return texts;
}

}  // namespace warren::policy
