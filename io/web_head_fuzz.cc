#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "core/base/bytes.h"
#include "core/base/check.h"
#include "io/http_inbox.h"
#include "io/web_form.h"

// What anybody may send to the site.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  io::HttpInbox inbox;
  inbox.Add(Bytes(data, size));
  for (int i = 0; i < 100; ++i) {
    const auto step = inbox.Next();
    const auto* whole = std::get_if<io::HttpInbox::Whole>(&step);
    if (whole == nullptr) break;
    WARREN_CHECK(absl::StartsWith(whole->request.path, "/"));
    WARREN_CHECK(!absl::StrContains(whole->request.path, "/../"));
    WARREN_CHECK(whole->request.headers.size() <= io::kMaxHeaders);
    (void)io::WebForm::Parse(whole->request.query);
    (void)io::WebForm::Parse(whole->request.body);
  }
  const absl::string_view text = AsText(Bytes(data, size));
  const auto decoded = io::PercentDecode(text);
  if (decoded) {
    WARREN_CHECK(io::PercentDecode(io::PercentEncode(*decoded)) == *decoded);
  }
  return 0;
}
