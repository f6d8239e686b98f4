#ifndef WARREN_RELAY_VERIFY_CLIENT_H_
#define WARREN_RELAY_VERIFY_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "io/tls.h"

namespace warren::relay {

// An http:// or https:// URL, taken apart.
struct Url {
  bool tls = false;
  std::string host;
  uint16_t port = 0;
  std::string target;  // path and query, at least "/"
};
// INVALID_ARGUMENT says what is wrong with the text.
absl::StatusOr<Url> ParseUrl(const std::string& text);

// What an admission server answered: a body that allows, one that does not, or
// something else, which counts as the server failing.
bool BodyAllows(absl::string_view body);

// Asks a web server whether a client may use this relay: POST
// {"NodePublic":"nodekey:...","Source":"<address>"}, and {"Allow":true} is yes
// (specs/dataplane.md §2.12). A few threads that block, 5 s for each question.
class VerifyClient {
 public:
  static constexpr size_t kThreads = 4;
  // Questions that may wait; one more is answered as if the server failed.
  static constexpr size_t kMaxWaiting = 4096;

  static absl::StatusOr<std::unique_ptr<VerifyClient>> Create(
      const std::string& url, bool fail_open);
  // Ends the threads; questions still waiting are not answered.
  ~VerifyClient();

  // Starts the threads. Once, and after signals are blocked.
  void Start();

  // `done` is called on another thread, once. Any thread.
  void Ask(const crypto::NodeKey& key, const net::IpAddress& from,
           std::function<void(bool)> done) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Question {
    crypto::NodeKey key;
    net::IpAddress from;
    std::function<void(bool)> done;
  };

  VerifyClient(Url url, std::shared_ptr<const io::TlsContext> tls,
               bool fail_open);
  void Work();
  bool Decide(const Question& question) const;

  const Url url_;
  const std::shared_ptr<const io::TlsContext> tls_;
  const bool fail_open_;
  absl::Mutex mutex_;
  std::deque<Question> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_VERIFY_CLIENT_H_
