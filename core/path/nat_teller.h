#ifndef WARREN_CORE_PATH_NAT_TELLER_H_
#define WARREN_CORE_PATH_NAT_TELLER_H_

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/path/punch_note.h"

namespace warren::path {

// When one peer should hear of our NAT: after the first handshake, when there
// is news, and when it seems to have forgotten, but not too often. Not after
// each handshake: a packet in the tunnel is answered by keepalives, and makes
// two idle peers look busy.
class NatTeller {
 public:
  static constexpr absl::Duration kSpacing = absl::Milliseconds(500);
  static constexpr absl::Duration kRepeatSpacing = absl::Seconds(10);

  // The peer can hear us.
  void OnSession(Instant now) {
    if (!told_) Want(now);
  }
  // It began anew, and knows nothing of us.
  void OnRestart() { told_.reset(); }
  // It tells what it has told before, as one does that began anew.
  void OnRepeated(Instant now) {
    if (now - last_ >= kRepeatSpacing) Want(now);
  }
  // We have `note` to tell, if that is news.
  void OnNews(Instant now, const NatNote& note) {
    if (told_ != note) Want(now);
  }
  // Whether to tell `note` now.
  bool Take(Instant now, const NatNote& note) {
    if (now < due_) return false;
    due_ = Instant::Never();
    last_ = now;
    told_ = note;
    return true;
  }
  Instant Next() const { return due_; }

 private:
  void Want(Instant now) {
    due_ = std::min(due_, std::max(now, last_ + kSpacing));
  }

  std::optional<NatNote> told_;
  Instant due_ = Instant::Never();
  Instant last_ = Instant::LongAgo();
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_NAT_TELLER_H_
