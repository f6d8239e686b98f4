#include "core/wg/message.h"

#include <algorithm>

namespace warren::wg {
namespace {

// Fills a message of fixed size from the front.
template <size_t N>
class Filler {
 public:
  Filler& U32(uint32_t value) {
    StoreLe32(out_.data() + used_, value);
    used_ += sizeof(value);
    return *this;
  }
  Filler& Append(Bytes bytes) {
    std::copy(bytes.begin(), bytes.end(), out_.data() + used_);
    used_ += bytes.size();
    return *this;
  }
  const std::array<uint8_t, N>& bytes() const { return out_; }

 private:
  std::array<uint8_t, N> out_{};
  size_t used_ = 0;
};

// A reader behind the type word, or nullopt if size or type do not fit.
std::optional<ByteReader> Begin(Bytes datagram, size_t size, MessageType type) {
  if (datagram.size() != size) return std::nullopt;
  ByteReader reader(datagram);
  if (reader.U32Le() != static_cast<uint32_t>(type)) return std::nullopt;
  return reader;
}

}  // namespace

// The size was checked, so that no read below can fail.
std::optional<Initiation> ParseInitiation(Bytes datagram) {
  auto r = Begin(datagram, kInitiationSize, MessageType::kInitiation);
  if (!r) return std::nullopt;
  Initiation message;
  message.sender = *r->U32Le();
  message.ephemeral = crypto::NodeKey::FromBytes(*r->Array<32>());
  message.sealed_static = *r->Array<48>();
  message.sealed_stamp = *r->Array<28>();
  return message;
}

std::optional<Response> ParseResponse(Bytes datagram) {
  auto r = Begin(datagram, kResponseSize, MessageType::kResponse);
  if (!r) return std::nullopt;
  Response message;
  message.sender = *r->U32Le();
  message.receiver = *r->U32Le();
  message.ephemeral = crypto::NodeKey::FromBytes(*r->Array<32>());
  message.sealed_empty = *r->Array<16>();
  return message;
}

std::optional<CookieReply> ParseCookieReply(Bytes datagram) {
  auto r = Begin(datagram, kCookieReplySize, MessageType::kCookieReply);
  if (!r) return std::nullopt;
  CookieReply message;
  message.receiver = *r->U32Le();
  message.nonce = *r->Array<24>();
  message.sealed_cookie = *r->Array<32>();
  return message;
}

std::array<uint8_t, kInitiationSize> WriteInitiation(
    const Initiation& message) {
  return Filler<kInitiationSize>()
      .U32(static_cast<uint32_t>(MessageType::kInitiation))
      .U32(message.sender)
      .Append(message.ephemeral.bytes())
      .Append(message.sealed_static)
      .Append(message.sealed_stamp)
      .bytes();
}

std::array<uint8_t, kResponseSize> WriteResponse(const Response& message) {
  return Filler<kResponseSize>()
      .U32(static_cast<uint32_t>(MessageType::kResponse))
      .U32(message.sender)
      .U32(message.receiver)
      .Append(message.ephemeral.bytes())
      .Append(message.sealed_empty)
      .bytes();
}

std::array<uint8_t, kCookieReplySize> WriteCookieReply(
    const CookieReply& message) {
  return Filler<kCookieReplySize>()
      .U32(static_cast<uint32_t>(MessageType::kCookieReply))
      .U32(message.receiver)
      .Append(message.nonce)
      .Append(message.sealed_cookie)
      .bytes();
}

}  // namespace warren::wg
