#ifndef WARREN_CORE_PATH_PUNCH_NOTE_H_
#define WARREN_CORE_PATH_PUNCH_NOTE_H_

#include <cstdint>

#include "core/net/ip.h"
#include "core/net/nat_behavior.h"

// What two native peers tell each other to get through hard NATs. On the wire:
// core/engine/peer_note.h.
namespace warren::path {

// What our NAT is like. Told after the first handshake, and when it changes.
struct NatNote {
  net::NatBehavior behavior;
  // How STUN saw our main socket, IPv4; not set: it did not.
  net::Endpoint mapped;
  bool udp_works = false;
  friend bool operator==(const NatNote&, const NatNote&) = default;
};

// Ports that are likely: first, first + step, ... `count` of them, wrapping
// around; 0: no prediction.
struct PortWindow {
  uint16_t first = 0;
  int16_t step = 0;
  uint16_t count = 0;

  uint16_t At(uint32_t i) const {
    return static_cast<uint16_t>(first + static_cast<uint32_t>(step) * i);
  }
  friend bool operator==(const PortWindow&, const PortWindow&) = default;
};

// A hard punch begins, from our side, or we ask for one. The receiver answers
// with its own part of it: probes, or sockets, or nothing (punch.h).
struct PunchNote {
  uint32_t generation = 0;   // of the attempt, as the one who began chose it
  bool answer = false;       // to a note of the receiver with this generation
  net::Endpoint mapped;      // our public address, and the port STUN saw last
  PortWindow ports;          // where our mappings are likely to be
  uint16_t num_sockets = 0;  // mappings that we hold open for the peer

  // Nothing is open yet: the receiver should open.
  bool IsRequest() const { return num_sockets == 0 && ports.count == 0; }
  friend bool operator==(const PunchNote&, const PunchNote&) = default;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_NOTE_H_
