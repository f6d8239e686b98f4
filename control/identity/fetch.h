#ifndef WARREN_CONTROL_IDENTITY_FETCH_H_
#define WARREN_CONTROL_IDENTITY_FETCH_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "control/identity/json.h"
#include "core/base/instant.h"
#include "io/http_client.h"

namespace warren::control {

// Calls and returns the answer if its status is 200. UNAVAILABLE otherwise,
// naming `what`; nothing of the body is repeated.
absl::StatusOr<io::HttpAnswer> Fetch(io::HttpCaller& caller,
                                     const io::HttpCall& call,
                                     absl::string_view what);

// A GET, with `bearer` unless it is empty.
io::HttpCall JsonGet(absl::string_view url, absl::string_view bearer = "");

// Exchanges a code by a POST of `form` (RFC 6749 §4.1.3); the answer is a JSON
// object without "error". UNAUTHENTICATED: the provider refuses the code.
absl::StatusOr<Json> FetchToken(io::HttpCaller& caller,
                                const io::HttpCall& call);

// Something of a provider's, kept for a while. Thread-safe; those who need it
// while it is fetched wait for that one fetch.
template <class T>
class Cached {
 public:
  // What is fetched serves for `lifetime`, and is not renewed within `pause`
  // of the last try. An error is repeated for kErrorPause.
  Cached(absl::Duration lifetime, absl::Duration pause)
      : lifetime_(lifetime), pause_(pause) {}
  static constexpr absl::Duration kErrorPause = absl::Seconds(5);

  using Fetcher = std::function<absl::StatusOr<T>()>;
  // What there is; fetched if there is none, if its time is over, or to
  // `renew` it. If that fails, what there is serves until its time is over.
  absl::StatusOr<std::shared_ptr<const T>> Get(
      const std::function<Instant()>& now, const Fetcher& fetch,
      bool renew = false) {
    absl::MutexLock lock(&mutex_);
    const Instant start = now();
    const bool fresh = start < fetched_ + lifetime_;
    if (value_.ok() && fresh && (!renew || start < tried_ + pause_)) {
      return value_;
    }
    if (!value_.ok() && start < tried_ + kErrorPause) return value_;
    auto got = fetch();
    tried_ = now();
    if (got.ok()) {
      fetched_ = tried_;
      value_ = std::make_shared<const T>(*std::move(got));
    } else if (!value_.ok() || !fresh) {
      value_ = got.status();
    }
    return value_;
  }

 private:
  const absl::Duration lifetime_;
  const absl::Duration pause_;
  absl::Mutex mutex_;
  absl::StatusOr<std::shared_ptr<const T>> value_ ABSL_GUARDED_BY(mutex_) =
      absl::UnavailableError("not fetched yet");
  Instant fetched_ ABSL_GUARDED_BY(mutex_) = Instant::LongAgo();
  Instant tried_ ABSL_GUARDED_BY(mutex_) = Instant::LongAgo();
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_FETCH_H_
