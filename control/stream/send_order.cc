#include "control/stream/send_order.h"

#include <optional>
#include <utility>

namespace warren::control {
namespace {

// Those whose turn comes later, in this order.
struct Waiting {
  struct Held {
    std::shared_ptr<NetmapStream> stream;
    NetmapStream::Outgoing message;
  };

  void Add(StreamNews news, NetmapStream::Outgoing message, size_t& held,
           size_t max_held) {
    if (held + message.bytes.size() > max_held) {
      news.stream->TakeBack(std::move(message));
      unmade.push_back(std::move(news));
      return;
    }
    held += message.bytes.size();
    made.push_back({std::move(news.stream), std::move(message)});
  }
  void Send() {
    for (const Held& one : made) one.stream->Send(one.message);
    made.clear();
    for (StreamNews& one : unmade) one.stream->Pump(std::move(one.latest));
  }

  std::vector<Held> made;
  std::vector<StreamNews> unmade;
};

}  // namespace

void SendInOrder(std::vector<StreamNews> all, size_t max_held) {
  Waiting both, giving;
  size_t held = 0;
  for (StreamNews& news : all) {
    if (!news.stream->has_told()) {
      both.unmade.push_back(std::move(news));
      continue;
    }
    std::optional<NetmapStream::Outgoing> message =
        news.stream->Prepare(news.latest);
    if (!message) continue;
    if (!message->bearing.gives) {
      news.stream->Send(*message);
      continue;
    }
    Waiting& later = message->bearing.takes ? both : giving;
    later.Add(std::move(news), *std::move(message), held, max_held);
  }
  both.Send();
  giving.Send();
}

}  // namespace warren::control
