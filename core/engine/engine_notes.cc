// What native peers tell each other inside the tunnel (peer_note.h).

#include "core/engine/engine_state.h"
#include "core/engine/tsmp.h"

namespace warren::engine {

void EngineState::SendNote(Instant now, Peer& peer, const PeerNote& note) {
  const auto way = InnerAddresses(peer);
  if (way) SendInner(now, peer, BuildTsmpNote(way->first, way->second, note));
}

void EngineState::OnNote(Instant, Peer&, const PeerNote&) {}

}  // namespace warren::engine
