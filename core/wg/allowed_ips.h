#ifndef WARREN_CORE_WG_ALLOWED_IPS_H_
#define WARREN_CORE_WG_ALLOWED_IPS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "core/net/ip.h"
#include "core/net/packet_batch.h"

namespace warren::wg {

// Which peer an inner address belongs to: cryptokey routing (whitepaper §2). A
// prefix has one peer; an address belongs to the longest prefix around it.
//
// Two path-compressed binary tries, one a family. A lookup visits at most one
// node per bit that distinguishes prefixes, and allocates nothing.
class AllowedIps {
 public:
  // Gives `prefix` to `peer`, and takes it from whoever had it.
  void Insert(const net::IpPrefix& prefix, net::PeerIndex peer);
  // Takes `prefix` away if it is this peer's; else returns false.
  bool Remove(const net::IpPrefix& prefix, net::PeerIndex peer);
  void RemoveAll(net::PeerIndex peer);

  // kNoPeer if no prefix holds `address`.
  net::PeerIndex Lookup(const net::IpAddress& address) const;
  // The peer of exactly this prefix, or kNoPeer.
  net::PeerIndex OwnerOf(const net::IpPrefix& prefix) const;

  std::vector<net::IpPrefix> PrefixesOf(net::PeerIndex peer) const;  // sorted
  size_t size() const { return by_peer_.size(); }

 private:
  // The bits of an address or prefix from the top, IPv4 in the upper half.
  struct Bits {
    uint64_t high = 0;
    uint64_t low = 0;
    // The bit at `position`, counted from the top.
    size_t At(int position) const;
    // How many leading bits are the same, at most `limit`.
    static int Common(const Bits& a, const Bits& b, int limit);
  };
  using NodeIndex = uint32_t;
  static constexpr NodeIndex kNil = UINT32_MAX;
  // A prefix that is somebody's, or a fork between two that differ.
  struct Node {
    Bits bits;
    int length = 0;  // bits that count
    net::PeerIndex peer = net::kNoPeer;
    std::array<NodeIndex, 2> child{kNil, kNil};  // by the bit at `length`
  };

  static Bits BitsOf(const net::IpAddress& address);
  NodeIndex& RootOf(const net::IpAddress& address);
  NodeIndex Make(const Bits& bits, int length, net::PeerIndex peer);
  NodeIndex Find(const net::IpPrefix& prefix) const;
  void Insert(NodeIndex* link, const Bits& bits, int length,
              net::PeerIndex peer);
  void EraseFromTrie(const net::IpPrefix& prefix);
  // Takes the node at `link` out if it is not needed: nobody's, and no fork.
  void Splice(NodeIndex* link);

  NodeIndex root_v4_ = kNil;
  NodeIndex root_v6_ = kNil;
  std::vector<Node> nodes_;
  std::vector<NodeIndex> free_;  // slots of nodes_ to use again
  std::set<std::pair<net::PeerIndex, net::IpPrefix>> by_peer_;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_ALLOWED_IPS_H_
