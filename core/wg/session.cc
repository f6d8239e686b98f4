#include "core/wg/session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/wg/message.h"
#include "core/wg/timers.h"

namespace warren::wg {
namespace {

// How many zero bytes follow a packet of `size` bytes. One above the MTU, which
// only a change of the MTU makes, gets none.
size_t PaddingFor(size_t size, size_t mtu) {
  const size_t padded = (size + 15) & ~size_t{15};
  return std::max(std::min(padded, mtu), size) - size;
}

// Room that has `n` bytes more, as far as its type can tell.
uint16_t Grown(uint16_t room, size_t n) {
  return static_cast<uint16_t>(std::min<size_t>(room + n, UINT16_MAX));
}

}  // namespace

Session::Session(Role role, IndexLease local, uint32_t remote,
                 const noise::SplitKeys& keys, Instant created)
    : role_(role),
      local_(std::move(local)),
      remote_(remote),
      send_(role == Role::kInitiator ? keys.from_initiator.Expose()
                                     : keys.from_responder.Expose()),
      receive_(role == Role::kInitiator ? keys.from_responder.Expose()
                                        : keys.from_initiator.Expose()),
      created_(created),
      rejects_at_(created + kRejectAfterTime) {
  local_.PointTo(this);
}

bool Session::Seal(net::Packet& packet, size_t mtu) {
  const size_t padding = PaddingFor(packet.size, mtu);
  if (packet.headroom < kDataHeaderSize ||
      packet.tailroom < padding + kTagSize) {
    return false;
  }
  std::memset(packet.data + packet.size, 0, padding);
  const uint64_t counter = next_counter_++;
  send_.Seal(counter, {}, packet.data, packet.size + padding);
  packet.Append(static_cast<uint16_t>(padding + kTagSize));
  packet.Prepend(kDataHeaderSize);
  WriteDataHeader(packet.data, remote_, counter);
  return true;
}

Drop Session::Open(Instant now, net::Packet& packet) {
  if (now >= rejects_at_) return Drop::kExpired;
  const uint64_t counter = DataCounter(packet.data);
  if (!window_.IsFresh(counter)) return Drop::kReplayed;
  if (!receive_.Open(counter, {}, packet.data + kDataHeaderSize,
                     packet.size - kDataHeaderSize)) {
    return Drop::kForged;
  }
  window_.Mark(counter);
  packet.data += kDataHeaderSize;
  packet.size -= static_cast<uint32_t>(kMinDataSize);
  packet.headroom = Grown(packet.headroom, kDataHeaderSize);
  packet.tailroom = Grown(packet.tailroom, kTagSize);
  return Drop::kNone;
}

bool Session::IsWornForSending(Instant now) const {
  if (next_counter_ > kRekeyAfterMessages) return true;
  return role_ == Role::kInitiator && now - created_ > kRekeyAfterTime;
}

bool Session::TakeWornForReceiving(Instant now) {
  if (role_ != Role::kInitiator || told_worn_ ||
      now - created_ <= kRekeyAfterTimeReceiving) {
    return false;
  }
  told_worn_ = true;
  return true;
}

void Sessions::BeginAsInitiator(std::unique_ptr<Session> session) {
  // What the peer began meanwhile stays readable rather than the old current.
  previous_ = next_ != nullptr ? std::move(next_) : std::move(current_);
  current_ = std::move(session);
}

void Sessions::BeginAsResponder(std::unique_ptr<Session> session) {
  next_ = std::move(session);
  previous_.reset();
}

bool Sessions::OnAuthentic(const Session* session) {
  if (session != next_.get()) return false;
  previous_ = std::move(current_);
  current_ = std::move(next_);
  return true;
}

void Sessions::Clear() {
  previous_.reset();
  current_.reset();
  next_.reset();
}

}  // namespace warren::wg
