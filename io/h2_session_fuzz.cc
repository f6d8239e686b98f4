#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "io/h2_session.h"

namespace warren::io {
namespace {

// A service that answers in ways that depend on the request alone, also from
// inside the session's calls, and counts what it is told.
class Service final : public H2Session::Handler {
 public:
  void OnRequest(int32_t stream, H2Request request) override {
    WARREN_CHECK(request.message.size() <= H2Session::kMaxRequest);
    WARREN_CHECK(open_.insert(stream).second);
    WARREN_CHECK(open_.size() <= H2Session::kMaxCalls);
    switch (request.message.size() % 4) {
      case 0:
        session->Send(stream, request.path);
        session->Finish(stream, absl::OkStatus());
        return;
      case 1:
        session->Finish(stream, absl::NotFoundError(request.message));
        return;
      case 2:
        session->Send(stream, std::string(70'000, 'x'));
        return;
      default:
        waiting.push_back(stream);
    }
  }
  void OnSent(int32_t stream) override {
    WARREN_CHECK(open_.contains(stream));
    session->Finish(stream, absl::OkStatus());
  }
  void OnEnded(int32_t stream) override {
    WARREN_CHECK(open_.erase(stream) == 1);
  }

  H2Session* session = nullptr;
  std::vector<int32_t> waiting;

 private:
  std::set<int32_t> open_;
};

}  // namespace
}  // namespace warren::io

// What an authenticated machine may send through its channel, after HTTP/2's
// preface. The first byte says how it is cut, and how fast answers are taken.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  static constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  if (size == 0) return 0;
  const size_t step = 1 + data[0] % 64 * 7;
  io::Service service;
  io::H2Session session(service);
  service.session = &session;
  WARREN_CHECK(session.Receive(AsBytes(kPreface)).ok());
  for (size_t at = 1; at < size; at += step) {
    const size_t n = std::min(step, size - at);
    if (!session.Receive(Bytes(data + at, n)).ok()) return 0;
    std::vector<uint8_t> out;
    if (!session.Take(data[0] >= 128 ? 100'000 : 300, out).ok()) return 0;
    WARREN_CHECK(session.num_calls() <= io::H2Session::kMaxCalls);
    for (const int32_t stream : std::exchange(service.waiting, {})) {
      session.Send(stream, "late");
    }
    if (session.done()) return 0;
  }
  session.GoAway();
  std::vector<uint8_t> rest;
  (void)session.Take(100'000, rest);
  return 0;
}
