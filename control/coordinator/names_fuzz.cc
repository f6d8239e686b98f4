// What a machine says of itself becomes names that people and DNS see.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "control/coordinator/names.h"
#include "control/identity/auth_key.h"
#include "core/base/bytes.h"
#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;           // NOLINT
  using namespace warren::control;  // NOLINT
  const absl::string_view text = AsText({data, size});
  const std::string label = LabelFrom(text);
  WARREN_CHECK(CheckLabel("name", label).ok());
  WARREN_CHECK(LabelFrom(label) == label);
  int num_taken = 0;
  const std::string unique =
      UniqueLabel(label, [&](const std::string&) { return ++num_taken < 12; });
  WARREN_CHECK(CheckLabel("name", unique).ok());
  const std::string shown = Printable(text);
  WARREN_CHECK(shown.size() <= 255 && Printable(shown) == shown);
  for (char c : shown) WARREN_CHECK(static_cast<uint8_t>(c) >= 0x20);
  if (CheckLogin("login", text).ok()) WARREN_CHECK(shown == text);
  if (CheckTag(text).ok()) WARREN_CHECK(shown == text);
  const auto prefix = AuthKeyPrefix(text);
  if (prefix.ok()) WARREN_CHECK(CheckLabel("prefix", *prefix).ok());
  return 0;
}
