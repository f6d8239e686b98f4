#ifndef WARREN_CORE_WG_HANDSHAKE_H_
#define WARREN_CORE_WG_HANDSHAKE_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/noise/symmetric_state.h"
#include "core/wg/message.h"

// The handshake Noise_IKpsk2 as WireGuard uses it (whitepaper §5.4, specs 9.3):
//
//   <- s
//   -> e, es, s, ss, {timestamp}
//   <- e, ee, se, psk
//
// Functions over values: no timer, no table, no macs. `ss` is the secret of the
// two static keys, which callers compute once and keep.
namespace warren::wg {

// The TAI64N label of a Unix time, without its low 24 bits of nanoseconds,
// which would tell how our clock runs (specs 9.3). Rises within 16.8 ms, so
// that of initiations 5 s apart does.
Stamp StampOf(absl::Duration unix_time);

// What an initiator keeps until the response comes.
struct InitiatorState {
  crypto::NodePrivateKey ephemeral;
  noise::SymmetricState symmetric;
};
struct Started {
  Initiation message;
  InitiatorState state;
};
// Begins a handshake with `responder` under the index `local`. nullopt if its
// key is of low order: nobody can hold its private half.
std::optional<Started> Initiate(const crypto::NodeKey& own,
                                const crypto::NodeKey& responder,
                                const crypto::SharedSecret& ss, uint32_t local,
                                const Stamp& stamp, Rng& rng);

// The first half of reading an initiation: who it is from. Not yet proven.
struct Claim {
  uint32_t sender = 0;
  crypto::NodeKey ephemeral;
  crypto::NodeKey static_key;
  noise::SymmetricState symmetric;
};
// nullopt if it was not made for us.
std::optional<Claim> ReadClaim(const crypto::NodePrivateKey& own,
                               const Initiation& message);
// The second half: proves that `claim`, of `message`, was made by the owner of
// its static key. The caller must then see that the stamp is a new one.
std::optional<Stamp> ReadStamp(const crypto::SharedSecret& ss,
                               const Initiation& message, Claim& claim);

struct Responded {
  Response message;
  noise::SplitKeys keys;
};
// Answers a proven claim under the index `local`. nullopt if the initiator's
// keys are of low order.
std::optional<Responded> Respond(Claim claim, const crypto::PresharedKey& psk,
                                 uint32_t local, Rng& rng);

// Ends the handshake that `state` began. nullopt, with `state` good for another
// try, if `message` is not the answer of who was asked.
std::optional<noise::SplitKeys> Finish(const InitiatorState& state,
                                       const crypto::NodePrivateKey& own,
                                       const crypto::PresharedKey& psk,
                                       const Response& message);

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_HANDSHAKE_H_
