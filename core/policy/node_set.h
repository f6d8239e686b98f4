#ifndef WARREN_CORE_POLICY_NODE_SET_H_
#define WARREN_CORE_POLICY_NODE_SET_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/policy/directory.h"

namespace warren::policy {

// Some of a topology's nodes: a bit for each of all, looked through 64 at a
// time.
class NodeSet {
 public:
  explicit NodeSet(size_t num_nodes) : words_((num_nodes + 63) / 64) {}

  void Insert(Index node) { words_[node / 64] |= Bit(node); }
  void Erase(Index node) { words_[node / 64] &= ~Bit(node); }

  // Ascending.
  Indices All() const {
    Indices all;
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        all.push_back(static_cast<Index>(i * 64) +
                      static_cast<Index>(std::countr_zero(rest)));
      }
    }
    return all;
  }

 private:
  static uint64_t Bit(Index node) { return uint64_t{1} << (node % 64); }

  std::vector<uint64_t> words_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_NODE_SET_H_
