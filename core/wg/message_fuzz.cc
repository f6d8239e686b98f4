#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/wg/inner_packet.h"
#include "core/wg/message.h"

// What parses is written back as it was, but for the macs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren::wg;
  const warren::Bytes input(data, size);
  const auto same = [&](const auto& written, size_t macs) {
    return std::equal(written.begin(), written.end() - static_cast<long>(macs),
                      input.begin());
  };
  if (const auto m = ParseInitiation(input)) {
    WARREN_CHECK(same(WriteInitiation(*m), kMacsSize));
    WARREN_CHECK(SenderOf(input) == m->sender);
  }
  if (const auto m = ParseResponse(input)) {
    WARREN_CHECK(same(WriteResponse(*m), kMacsSize));
    WARREN_CHECK(SenderOf(input) == m->sender);
  }
  if (const auto m = ParseCookieReply(input)) {
    WARREN_CHECK(same(WriteCookieReply(*m), 0));
  }
  if (const auto length = InnerLength(input)) {
    WARREN_CHECK(*length >= 20 && *length <= size);
    InnerSource(input);
    InnerDestination(input);
  }
  return 0;
}
