#include "control/identity/pending_sign_ins.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "core/base/base64url.h"
#include "core/base/bytes.h"
#include "core/crypto/digest.h"
#include "core/crypto/secret.h"

namespace warren::control {
namespace {

// 256 random bits as 43 characters: each is a code verifier, too.
std::string RandomText(Rng& rng) {
  std::array<uint8_t, 32> bytes;
  rng.Fill(bytes);
  return ToBase64Url(bytes);
}

absl::Status Unknown() {
  return absl::FailedPreconditionError(
      "this sign-in is not under way any more, or not in this browser: it was "
      "used already, or it took more than 10 minutes. Please begin anew.");
}

}  // namespace

std::string PendingSignIns::Add(PendingSignIn& sign_in,
                                absl::string_view browser,
                                absl::string_view source, Instant now,
                                Rng& rng) {
  MakeRoom(now);
  sign_in.nonce = RandomText(rng);
  sign_in.code_verifier = RandomText(rng);
  sign_in.browser = crypto::Sha256(AsBytes(browser));
  const std::string state = RandomText(rng);
  entries_.push_back({state, std::string(source), now + kSignInTime, sign_in});
  by_state_[state] = std::prev(entries_.end());
  ++by_source_[std::string(source)];
  return state;
}

absl::StatusOr<PendingSignIn> PendingSignIns::Take(absl::string_view state,
                                                   absl::string_view browser,
                                                   Instant now) {
  const auto found = by_state_.find(state);
  if (found == by_state_.end()) return Unknown();
  const Entries::iterator entry = found->second;
  if (entry->until <= now) {
    Remove(entry);
    return Unknown();
  }
  if (!crypto::ConstantTimeEqual(crypto::Sha256(AsBytes(browser)),
                                 entry->sign_in.browser)) {
    return Unknown();
  }
  PendingSignIn sign_in = std::move(entry->sign_in);
  Remove(entry);
  return sign_in;
}

void PendingSignIns::Remove(Entries::iterator entry) {
  const auto count = by_source_.find(entry->source);
  if (--count->second == 0) by_source_.erase(count);
  by_state_.erase(entry->state);
  entries_.erase(entry);
}

void PendingSignIns::MakeRoom(Instant now) {
  while (!entries_.empty() && entries_.front().until <= now) {
    Remove(entries_.begin());
  }
  if (entries_.size() < kMaxPendingSignIns) return;
  const auto most = std::max_element(
      by_source_.begin(), by_source_.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  Remove(std::find_if(entries_.begin(), entries_.end(),
                      [&](const Entry& e) { return e.source == most->first; }));
}

}  // namespace warren::control
