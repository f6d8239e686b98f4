#ifndef WARREN_CORE_PATH_NAT_TELLER_H_
#define WARREN_CORE_PATH_NAT_TELLER_H_

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/path/punch_note.h"

namespace warren::path {

// When one peer should hear of our NAT: after each handshake, and when there
// is news, but not too often.
class NatTeller {
 public:
  static constexpr absl::Duration kSpacing = absl::Milliseconds(500);

  // The peer can hear us, but may not know anything yet.
  void OnSession(Instant now) {
    told_.reset();
    Want(now);
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

  std::optional<NatNote> told_;  // in this session
  Instant due_ = Instant::Never();
  Instant last_ = Instant::LongAgo();
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_NAT_TELLER_H_
