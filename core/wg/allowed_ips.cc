#include "core/wg/allowed_ips.h"

#include <algorithm>
#include <bit>

#include "core/base/bytes.h"
#include "core/base/check.h"

namespace warren::wg {

using net::IpAddress;
using net::IpPrefix;
using net::kNoPeer;
using net::PeerIndex;

size_t AllowedIps::Bits::At(int position) const {
  return position < 64 ? (high >> (63 - position)) & 1
                       : (low >> (127 - position)) & 1;
}

int AllowedIps::Bits::Common(const Bits& a, const Bits& b, int limit) {
  int same = std::countl_zero(a.high ^ b.high);
  if (same == 64) same += std::countl_zero(a.low ^ b.low);
  return std::min(same, limit);
}

AllowedIps::Bits AllowedIps::BitsOf(const IpAddress& address) {
  if (address.is_v4()) return {uint64_t{address.v4()} << 32, 0};
  const uint8_t* p = address.bytes().data();
  return {uint64_t{LoadBe32(p)} << 32 | LoadBe32(p + 4),
          uint64_t{LoadBe32(p + 8)} << 32 | LoadBe32(p + 12)};
}

AllowedIps::NodeIndex& AllowedIps::RootOf(const IpAddress& address) {
  return address.is_v4() ? root_v4_ : root_v6_;
}

AllowedIps::NodeIndex AllowedIps::Make(const Bits& bits, int length,
                                       PeerIndex peer) {
  const Node node{bits, length, peer, {kNil, kNil}};
  if (free_.empty()) {
    nodes_.push_back(node);
    return static_cast<NodeIndex>(nodes_.size() - 1);
  }
  const NodeIndex index = free_.back();
  free_.pop_back();
  nodes_[index] = node;
  return index;
}

PeerIndex AllowedIps::Lookup(const IpAddress& address) const {
  const Bits bits = BitsOf(address);
  const int width = address.is_v4() ? 32 : 128;
  PeerIndex best = kNoPeer;
  NodeIndex index = address.is_v4() ? root_v4_ : root_v6_;
  while (index != kNil) {
    const Node& node = nodes_[index];
    if (Bits::Common(node.bits, bits, node.length) < node.length) break;
    if (node.peer != kNoPeer) best = node.peer;
    if (node.length == width) break;
    index = node.child[bits.At(node.length)];
  }
  return best;
}

AllowedIps::NodeIndex AllowedIps::Find(const IpPrefix& prefix) const {
  const Bits bits = BitsOf(prefix.address());
  NodeIndex index = prefix.address().is_v4() ? root_v4_ : root_v6_;
  while (index != kNil) {
    const Node& node = nodes_[index];
    if (Bits::Common(node.bits, bits, node.length) < node.length) return kNil;
    if (node.length >= prefix.bits()) break;
    index = node.child[bits.At(node.length)];
  }
  return index != kNil && nodes_[index].length == prefix.bits() ? index : kNil;
}

PeerIndex AllowedIps::OwnerOf(const IpPrefix& prefix) const {
  const NodeIndex index = Find(prefix);
  return index == kNil ? kNoPeer : nodes_[index].peer;
}

void AllowedIps::Insert(const IpPrefix& prefix, PeerIndex peer) {
  const PeerIndex owner = OwnerOf(prefix);
  if (owner == peer) return;
  if (owner != kNoPeer) by_peer_.erase({owner, prefix});
  by_peer_.insert({peer, prefix});
  // Room for the two nodes below, so that no link moves while it is held.
  if (nodes_.capacity() < nodes_.size() + 2) {
    nodes_.reserve(2 * nodes_.size() + 2);
  }
  Insert(&RootOf(prefix.address()), BitsOf(prefix.address()), prefix.bits(),
         peer);
}

void AllowedIps::Insert(NodeIndex* link, const Bits& bits, int length,
                        PeerIndex peer) {
  while (*link != kNil) {
    Node& node = nodes_[*link];
    const int common =
        Bits::Common(node.bits, bits, std::min(node.length, length));
    if (common == node.length && common == length) {
      node.peer = peer;
      return;
    }
    if (common == node.length) {
      link = &node.child[bits.At(node.length)];
      continue;
    }
    // The node lies below the prefix, or beside it under a fork.
    const NodeIndex below = *link;
    *link = Make(bits, common, common == length ? peer : kNoPeer);
    Node& above = nodes_[*link];
    above.child[nodes_[below].bits.At(common)] = below;
    if (common == length) return;
    link = &above.child[bits.At(common)];
  }
  *link = Make(bits, length, peer);
}

bool AllowedIps::Remove(const IpPrefix& prefix, PeerIndex peer) {
  if (by_peer_.erase({peer, prefix}) == 0) return false;
  EraseFromTrie(prefix);
  return true;
}

void AllowedIps::RemoveAll(PeerIndex peer) {
  for (const IpPrefix& prefix : PrefixesOf(peer)) Remove(prefix, peer);
}

void AllowedIps::EraseFromTrie(const IpPrefix& prefix) {
  const Bits bits = BitsOf(prefix.address());
  NodeIndex* parent = nullptr;
  NodeIndex* link = &RootOf(prefix.address());
  while (*link != kNil && nodes_[*link].length < prefix.bits()) {
    parent = link;
    link = &nodes_[*link].child[bits.At(nodes_[*link].length)];
  }
  WARREN_CHECK(*link != kNil && nodes_[*link].length == prefix.bits());
  nodes_[*link].peer = kNoPeer;
  Splice(link);
  if (parent != nullptr) Splice(parent);
}

void AllowedIps::Splice(NodeIndex* link) {
  const NodeIndex index = *link;
  const Node& node = nodes_[index];
  const bool is_fork = node.child[0] != kNil && node.child[1] != kNil;
  if (node.peer != kNoPeer || is_fork) return;
  *link = node.child[0] != kNil ? node.child[0] : node.child[1];
  free_.push_back(index);
}

std::vector<IpPrefix> AllowedIps::PrefixesOf(PeerIndex peer) const {
  std::vector<IpPrefix> prefixes;
  for (auto it = by_peer_.lower_bound({peer, IpPrefix()});
       it != by_peer_.end() && it->first == peer; ++it) {
    prefixes.push_back(it->second);
  }
  return prefixes;
}

}  // namespace warren::wg
