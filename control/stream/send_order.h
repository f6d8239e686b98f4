#ifndef WARREN_CONTROL_STREAM_SEND_ORDER_H_
#define WARREN_CONTROL_STREAM_SEND_ORDER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "control/stream/netmap_stream.h"
#include "core/netmap/compile.h"

// Revocation is never later than grant (design §5), among the nodes of one
// tailnet. A flow works when its receiver lets it in and both ends know each
// other, so who is told first matters. The rule:
//
//   1. One message takes a node from what it was told to what is true, however
//      many changes lie between: nobody is ever between two states. Its engine
//      takes away before it gives, in one step between two packets.
//   2. Of all that is due at a time, and so of one change and of all earlier
//      ones, first go the messages that only take, or do neither; then those
//      that do both, and whole netmaps; then those that only give. So nothing
//      opens at a node that loses nothing before every other node's loss is on
//      its way to it.
//   3. A node whose connection does not take what was sent before is owed one
//      message and is not waited for: it could hold up everybody. The other end
//      of each flow that it loses is told by rule 2.
//
// Two nodes that both lose and gain are told in any order.
namespace warren::control {

// A stream, and what it is to be told of; null: its tailnet is gone.
struct StreamNews {
  std::shared_ptr<NetmapStream> stream;
  std::shared_ptr<const netmap::Snapshot> latest;
};

// Bytes of messages that may wait for those before them. What is beyond is
// made anew when it is its turn.
inline constexpr size_t kMaxHeldNews = 64 << 20;

// Sends to each what it does not know yet. On the thread that pumps.
void SendInOrder(std::vector<StreamNews> all, size_t max_held = kMaxHeldNews);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STREAM_SEND_ORDER_H_
