#ifndef WARREN_CORE_WG_COOKIE_H_
#define WARREN_CORE_WG_COOKIE_H_

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/wg/message.h"

// The macs at the end of handshake messages, and the cookies that make the
// second one (whitepaper §5.4.4 and §5.4.7, specs 9.4 and 9.5).
namespace warren::wg {

// What both sides derive from the public key of a receiver.
struct MacKeys {
  explicit MacKeys(const crypto::NodeKey& receiver);
  crypto::Digest mac1;
  crypto::Digest cookie;
};

// The receiver's half: is a message for us, and does its sender live where it
// says? A cookie proves the second: a MAC of the source under a secret that
// changes every 120 s.
class CookieChecker {
 public:
  explicit CookieChecker(const crypto::NodeKey& own);

  // Whether mac1 is right. `message` is at least kMacsSize long, here and
  // below.
  bool HasMac1(Bytes message) const;
  // Whether mac2 is that of a cookie we gave to `source` and is still good.
  bool HasMac2(Instant now, Bytes message, Bytes source) const;
  // Refuses `message`, an initiation or a response from `source`, with a cookie
  // for it.
  CookieReply Refuse(Instant now, Rng& rng, Bytes message, Bytes source);

 private:
  MacKeys keys_;
  crypto::SymmetricKey secret_;
  Instant secret_made_ = Instant::LongAgo();
};

// The sender's half, one for each peer: writes the macs, and keeps the cookie
// that peer gave us.
class CookieJar {
 public:
  // Fills mac1, and mac2 if there is a fresh cookie, of a message to `peer`.
  void WriteMacs(Instant now, const crypto::NodeKey& peer,
                 MutableBytes message);
  // Keeps the cookie for the next message; the one refused is not sent again
  // (specs 9.5). False if it is not from `peer` or answers no message of ours.
  bool Take(Instant now, const crypto::NodeKey& peer, const CookieReply& reply);
  // Forgets both the cookie and what was sent.
  void Clear() { *this = CookieJar(); }

 private:
  std::optional<crypto::Mac128> last_mac1_;
  crypto::Mac128 cookie_{};
  Instant received_ = Instant::LongAgo();
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_COOKIE_H_
