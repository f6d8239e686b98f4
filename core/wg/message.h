#ifndef WARREN_CORE_WG_MESSAGE_H_
#define WARREN_CORE_WG_MESSAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/bytes.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/keys.h"

// The four messages of WireGuard. Integers are little-endian; the first is the
// type, a byte and three zero bytes. Source: whitepaper §5.4, specs 9.2.
namespace warren::wg {

enum class MessageType : uint8_t {
  kInitiation = 1,
  kResponse = 2,
  kCookieReply = 3,
  kData = 4,
};

inline constexpr size_t kInitiationSize = 148;
inline constexpr size_t kResponseSize = 92;
inline constexpr size_t kCookieReplySize = 64;
inline constexpr size_t kDataHeaderSize = 16;
inline constexpr size_t kTagSize = 16;
inline constexpr size_t kMinDataSize = kDataHeaderSize + kTagSize;
// mac1 and mac2 end both handshake messages.
inline constexpr size_t kMacSize = 16;
inline constexpr size_t kMacsSize = 2 * kMacSize;

// A TAI64N label: big-endian seconds, then nanoseconds (specs 9.3). Compared as
// opaque bytes, which is why it is big-endian.
using Stamp = std::array<uint8_t, 12>;

//   offset  size  field
//   0       4     type       1
//   4       4     sender     index of the initiator
//   8       32    ephemeral
//   40      48    static     sealed public key
//   88      28    timestamp  sealed TAI64N
//   116     16    mac1
//   132     16    mac2
struct Initiation {
  uint32_t sender = 0;
  crypto::NodeKey ephemeral;
  std::array<uint8_t, crypto::kKeySize + kTagSize> sealed_static{};
  std::array<uint8_t, sizeof(Stamp) + kTagSize> sealed_stamp{};
};

//   offset  size  field
//   0       4     type       2
//   4       4     sender     index of the responder
//   8       4     receiver   index of the initiator
//   12      32    ephemeral
//   44      16    empty      a tag alone
//   60      16    mac1
//   76      16    mac2
struct Response {
  uint32_t sender = 0;
  uint32_t receiver = 0;
  crypto::NodeKey ephemeral;
  std::array<uint8_t, kTagSize> sealed_empty{};
};

//   offset  size  field
//   0       4     type       3
//   4       4     receiver   sender index of the message refused
//   8       24    nonce
//   32      32    cookie     sealed with XChaCha20-Poly1305
struct CookieReply {
  uint32_t receiver = 0;
  std::array<uint8_t, 24> nonce{};
  std::array<uint8_t, sizeof(crypto::Mac128) + kTagSize> sealed_cookie{};
};

// Each Parse takes a whole datagram and gives nullopt unless its size and its
// type word are exactly right. The macs are not looked at.
std::optional<Initiation> ParseInitiation(Bytes datagram);
std::optional<Response> ParseResponse(Bytes datagram);
std::optional<CookieReply> ParseCookieReply(Bytes datagram);

// Each Write fills all but the macs, which it leaves zero.
std::array<uint8_t, kInitiationSize> WriteInitiation(const Initiation& message);
std::array<uint8_t, kResponseSize> WriteResponse(const Response& message);
std::array<uint8_t, kCookieReplySize> WriteCookieReply(
    const CookieReply& message);

// The sender index of an initiation or a response, which have it in one place.
inline uint32_t SenderOf(Bytes handshake_message) {
  return LoadLe32(handshake_message.data() + 4);
}

//   offset  size  field
//   0       4     type       4
//   4       4     receiver   index of the receiver
//   8       8     counter    the nonce
//   16      n+16  packet     sealed; n is a multiple of 16, or fills the MTU
inline void WriteDataHeader(uint8_t* out, uint32_t receiver, uint64_t counter) {
  StoreLe32(out, static_cast<uint32_t>(MessageType::kData));
  StoreLe32(out + 4, receiver);
  StoreLe64(out + 8, counter);
}
// Of a datagram that is at least kMinDataSize long.
inline uint32_t DataReceiver(const uint8_t* datagram) {
  return LoadLe32(datagram + 4);
}
inline uint64_t DataCounter(const uint8_t* datagram) {
  return LoadLe64(datagram + 8);
}

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_MESSAGE_H_
