#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "core/base/check.h"
#include "core/policy/edit.h"
#include "core/policy/hujson.h"
#include "core/policy/policy_text.h"

namespace {

using namespace warren::policy;

// An edit may be refused, but never leaves something that is not HuJSON.
void CheckEdit(const absl::StatusOr<std::string>& edited) {
  WARREN_CHECK(edited.ok() ||
               !absl::StrContains(edited.status().message(), "the edited"));
}

}  // namespace

// Any bytes: no crash; the usual layout means the same and is stable; edits
// leave HuJSON.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  (void)Describe(ParsePolicy(text).problems);
  const ParsedJson parsed = ParseJson(text);
  const std::string formatted = Format(text);
  if (!parsed.ok()) {
    WARREN_CHECK(formatted == text);
    return 0;
  }
  const ParsedJson again = ParseJson(formatted);
  WARREN_CHECK(again.ok() && ToJson(again.root) == ToJson(parsed.root));
  WARREN_CHECK(Format(formatted) == formatted);
  CheckEdit(SetValue(text, {"groups", "group:a"}, "[\"a@b\"]"));
  CheckEdit(AddToList(text, {"acls"}, "{\"action\": \"accept\"}"));
  CheckEdit(AddToList(text, {}, "1"));
  CheckEdit(RemoveValue(text, {"groups"}));
  CheckEdit(RemoveValue(text, {"acls", "0"}));
  CheckEdit(RemoveFromList(text, {"acls"}, "1"));
  return 0;
}
