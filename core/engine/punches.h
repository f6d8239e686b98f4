#ifndef WARREN_CORE_ENGINE_PUNCHES_H_
#define WARREN_CORE_ENGINE_PUNCHES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>

#include "core/base/strong_id.h"
#include "core/path/punch_hub.h"
#include "core/stun/stun.h"

namespace warren::engine {

// What the punches of all peers share.
struct Punches {
  // How does our NAT map `socket`? To a STUN server; waits for its answer.
  struct Question {
    stun::TxId txid;
    NodeId peer;
    uint16_t socket;
  };
  static constexpr size_t kMaxQuestions = 32;  // the oldest makes room

  path::PunchHub hub;
  std::deque<Question> questions;
  std::set<NodeId> with_actions;  // whose punch wants something done
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_PUNCHES_H_
