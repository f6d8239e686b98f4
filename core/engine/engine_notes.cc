// What native peers tell each other inside the tunnel (peer_note.h).

#include "core/base/overloaded.h"
#include "core/engine/engine_state.h"
#include "core/engine/tsmp.h"

namespace warren::engine {

void EngineState::SendNote(Instant now, Peer& peer, const PeerNote& note,
                           Intent intent) {
  const auto way = InnerAddresses(peer);
  if (!way) return;
  SendInner(now, peer, BuildTsmpNote(way->first, way->second, note), intent);
}

void EngineState::OnNote(Instant now, Peer& peer, const PeerNote& note) {
  peer.native = true;
  std::visit(
      Overloaded{
          [&](const NatNote& nat) {
            peer.punch.OnNatNote(now, nat);
            FollowPunch(now, peer);
          },
          [&](const PunchNote& punch) {
            peer.punch.OnPunchNote(now, punch);
            FollowPunch(now, peer);
          },
          [&](const WhyRequest& request) { AnswerWhy(now, peer, request); },
          [&](const WhyPiece& piece) { why.OnPiece(now, peer.node.id, piece); },
      },
      note);
}

}  // namespace warren::engine
