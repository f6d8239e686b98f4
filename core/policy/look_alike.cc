#include "core/policy/look_alike.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace warren::policy {
namespace {

// Blocks of Unicode with letters that look like those of another alphabet.
struct Alphabet {
  uint32_t first;
  uint32_t last;
  absl::string_view name;
};
constexpr std::array<Alphabet, 7> kAlphabets = {{
    {0x00C0, 0x024F, "Latin"},
    {0x0370, 0x03FF, "Greek"},
    {0x0400, 0x052F, "Cyrillic"},
    {0x0530, 0x058F, "Armenian"},
    {0x1E00, 0x1EFF, "Latin"},
    {0x1F00, 0x1FFF, "Greek"},
    {0xFF21, 0xFF5A, "full-width Latin"},
}};

// The character that UTF-8 `text` begins with; takes it off.
uint32_t TakeCharacter(absl::string_view& text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t c = size == 1 ? lead : lead & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size && i < text.size(); ++i) {
    c = c << 6 | (static_cast<uint8_t>(text[i]) & 0x3Fu);
  }
  text.remove_prefix(std::min(size, text.size()));
  return c;
}

bool IsInvisible(uint32_t c) {
  return c == 0x00AD || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
         c == 0xFEFF;
}

bool IsCombining(uint32_t c) { return c >= 0x0300 && c <= 0x036F; }

}  // namespace

std::string LookAlikeFault(absl::string_view name) {
  std::set<absl::string_view> alphabets;
  while (!name.empty()) {
    const uint32_t c = TakeCharacter(name);
    if (c < 0x80) {
      if (absl::ascii_isalpha(static_cast<unsigned char>(c))) {
        alphabets.insert("Latin");
      } else if (c == '@') {
        alphabets.clear();  // name and domain are words of their own
      }
    }
    if (IsInvisible(c)) return "it has a character that is not seen";
    if (IsCombining(c)) {
      return "it has an accent as a character of its own; write the letter "
             "with its accent as one (Unicode NFC)";
    }
    for (const Alphabet& alphabet : kAlphabets) {
      if (c >= alphabet.first && c <= alphabet.last) {
        alphabets.insert(alphabet.name);
      }
    }
    if (alphabets.size() > 1) {
      return absl::StrCat("it mixes letters of ",
                          absl::StrJoin(alphabets, " and "));
    }
  }
  return "";
}

}  // namespace warren::policy
