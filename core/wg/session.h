#ifndef WARREN_CORE_WG_SESSION_H_
#define WARREN_CORE_WG_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/base/instant.h"
#include "core/crypto/aead.h"
#include "core/net/packet_batch.h"
#include "core/noise/symmetric_state.h"
#include "core/wg/counters.h"
#include "core/wg/index_table.h"
#include "core/wg/replay_window.h"

namespace warren::wg {

enum class Role : uint8_t { kInitiator, kResponder };

// One pair of transport keys and what was sent and received under them. Seals
// and opens packets in place and allocates nothing for it (specs 9.7).
class Session {
 public:
  // `local` is pointed here. `remote`: the peer's index.
  Session(Role role, IndexLease local, uint32_t remote,
          const noise::SplitKeys& keys, Instant created);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Whether it may still send: it is neither too old nor used up.
  bool CanSend(Instant now) const {
    return now < rejects_at_ && next_counter_ < kRejectAfterMessages;
  }
  // Pads `packet` to 16 bytes but not beyond `mtu` bytes, seals it and puts the
  // header before it. CanSend() must be true. False, with the packet as it was,
  // if head- or tailroom is too small.
  bool Seal(net::Packet& packet, size_t mtu);

  // Opens a datagram of at least kMinDataSize bytes; `packet` becomes the
  // plaintext, padding included. A reason if it does not: the packet is then
  // garbage, and the session as it was.
  Drop Open(Instant now, net::Packet& packet);

  // Whether the sender should renew it: used a lot, or begun by us and old.
  // A responder never renews for age (specs 9.10, trap 47).
  bool IsWornForSending(Instant now) const;
  // The same for a receiver that has nothing to send. True once only.
  bool TakeWornForReceiving(Instant now);

  Role role() const { return role_; }
  uint32_t local_index() const { return local_.value(); }

 private:
  Role role_;
  IndexLease local_;
  uint32_t remote_;
  crypto::AeadKey send_;
  crypto::AeadKey receive_;
  uint64_t next_counter_ = 0;
  Instant created_;
  Instant rejects_at_;
  bool told_worn_ = false;
  ReplayWindow window_;
};

// The sessions with one peer. Data is received on all three, sent on `current`.
class Sessions {
 public:
  Session* current() const { return current_.get(); }

  // A response came: the session is proven and becomes current.
  void BeginAsInitiator(std::unique_ptr<Session> session);
  // A response goes out: the session waits as next for its first packet.
  void BeginAsResponder(std::unique_ptr<Session> session);
  // An authentic packet came on `session`. If that is `next`, it becomes
  // current, and the result is true.
  bool OnAuthentic(const Session* session);
  // Wipes the keys of all.
  void Clear();

 private:
  std::unique_ptr<Session> previous_;
  std::unique_ptr<Session> current_;
  std::unique_ptr<Session> next_;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_SESSION_H_
