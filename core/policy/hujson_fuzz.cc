#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/policy/hujson.h"

// Any bytes: no crash, and what is understood can be said again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren::policy;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const ParsedJson parsed = ParseJson(text);
  if (!parsed.ok()) return 0;
  const std::string json = ToJson(parsed.root);
  const ParsedJson again = ParseJson(json);
  WARREN_CHECK(again.ok() && ToJson(again.root) == json);
  return 0;
}
