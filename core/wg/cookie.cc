#include "core/wg/cookie.h"

#include <algorithm>

#include "absl/strings/string_view.h"
#include "core/crypto/aead.h"
#include "core/wg/timers.h"

namespace warren::wg {
namespace {

constexpr absl::string_view kLabelMac1 = "mac1----";
constexpr absl::string_view kLabelCookie = "cookie--";

// A handshake message: | what mac1 covers | mac1 | mac2 |
Bytes CoveredByMac1(Bytes message) {
  return message.first(message.size() - kMacsSize);
}
Bytes CoveredByMac2(Bytes message) {
  return message.first(message.size() - kMacSize);
}
Bytes Mac1Of(Bytes message) {
  return message.subspan(message.size() - kMacsSize, kMacSize);
}
Bytes Mac2Of(Bytes message) { return message.last(kMacSize); }

}  // namespace

MacKeys::MacKeys(const crypto::NodeKey& receiver)
    : mac1(crypto::Blake2s256({AsBytes(kLabelMac1), receiver.bytes()})),
      cookie(crypto::Blake2s256({AsBytes(kLabelCookie), receiver.bytes()})) {}

CookieChecker::CookieChecker(const crypto::NodeKey& own) : keys_(own) {}

bool CookieChecker::HasMac1(Bytes message) const {
  const auto want = crypto::Blake2sMac128(keys_.mac1, CoveredByMac1(message));
  return crypto::ConstantTimeEqual(want, Mac1Of(message));
}

bool CookieChecker::HasMac2(Instant now, Bytes message, Bytes source) const {
  if (now - secret_made_ > kCookieLifetime) return false;
  const auto cookie = crypto::Blake2sMac128(secret_.Expose(), source);
  const auto want = crypto::Blake2sMac128(cookie, CoveredByMac2(message));
  return crypto::ConstantTimeEqual(want, Mac2Of(message));
}

CookieReply CookieChecker::Refuse(Instant now, Rng& rng, Bytes message,
                                  Bytes source) {
  if (now - secret_made_ > kCookieLifetime) {
    rng.Fill(secret_.ExposeMutable());
    secret_made_ = now;
  }
  CookieReply reply;
  reply.receiver = SenderOf(message);
  rng.Fill(reply.nonce);
  const auto cookie = crypto::Blake2sMac128(secret_.Expose(), source);
  std::copy(cookie.begin(), cookie.end(), reply.sealed_cookie.begin());
  crypto::XSeal(keys_.cookie, reply.nonce, Mac1Of(message),
                reply.sealed_cookie.data(), cookie.size());
  return reply;
}

void CookieJar::WriteMacs(Instant now, const crypto::NodeKey& peer,
                          MutableBytes message) {
  const auto mac1 =
      crypto::Blake2sMac128(MacKeys(peer).mac1, CoveredByMac1(message));
  std::copy(mac1.begin(), mac1.end(), message.end() - kMacsSize);
  last_mac1_ = mac1;
  if (now - received_ >= kCookieLifetime) return;
  const auto mac2 = crypto::Blake2sMac128(cookie_, CoveredByMac2(message));
  std::copy(mac2.begin(), mac2.end(), message.end() - kMacSize);
}

bool CookieJar::Take(Instant now, const crypto::NodeKey& peer,
                     const CookieReply& reply) {
  if (!last_mac1_) return false;
  auto sealed = reply.sealed_cookie;
  if (!crypto::XOpen(MacKeys(peer).cookie, reply.nonce, *last_mac1_,
                     sealed.data(), sealed.size())) {
    return false;
  }
  std::copy_n(sealed.begin(), cookie_.size(), cookie_.begin());
  received_ = now;
  last_mac1_.reset();  // One answer to each message.
  return true;
}

}  // namespace warren::wg
