#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "io/channel_request.h"
#include "io/control_url.h"

// What anybody may send to the control server's port, and what a server may
// answer to a client.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  static SeededRng rng(1);
  static const auto key = crypto::MachinePrivateKey::Generate(rng);
  Bytes stream(data, size);
  io::HttpHeadReader head;
  const auto complete = head.Take(stream);
  if (complete.ok() && *complete) {
    const auto request = head.Request();
    if (request.ok()) {
      const auto answer = io::AnswerRequest(*request, key, rng);
      WARREN_CHECK(!answer.bytes.empty());
      WARREN_CHECK(answer.accepted.has_value() == (answer.status == 101));
    }
  }
  const absl::string_view text = AsText(Bytes(data, size));
  (void)io::ParseKeyReply(text);
  const auto url = io::ControlUrl::Parse(text);
  if (url.ok()) {
    const auto again = io::ControlUrl::Parse(url->ToString());
    WARREN_CHECK(again.ok() && again->ToString() == url->ToString());
  }
  return 0;
}
