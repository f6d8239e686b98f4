#include "control/coordinator/names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "control/coordinator/tailnet_words.h"

namespace warren::control {
namespace {

constexpr size_t kMaxLoginSize = 254;  // bytes, as of a mail address
constexpr char kNameless[] = "device";

// What machines call themselves at home; it tells nothing.
constexpr const char* kEndings[] = {".local", ".localdomain", ".lan", ".home",
                                    ".internal"};

bool IsLabelChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
}

std::string Trimmed(std::string label) {
  label.resize(std::min(label.size(), kMaxLabelSize));
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label;
}

// The length of the UTF-8 sequence at the front of `text`, 0 if there is none
// (RFC 3629 §4).
size_t Utf8Length(absl::string_view text) {
  const auto at = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xc2 && first < 0xe0   ? 2
                      : first >= 0xe0 && first < 0xf0 ? 3
                      : first >= 0xf0 && first < 0xf5 ? 4
                                                      : 0;
  if (size == 0 || size > text.size()) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = at(1);
  const bool overlong =
      (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond =
      (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return overlong || beyond ? 0 : size;
}

// The character of a valid sequence. UTF-8 holds six bits of it in each byte
// but the first (RFC 3629 §3).
uint32_t CharacterOf(absl::string_view sequence) {
  const auto first = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first;
  uint32_t character = first & (0x7fu >> sequence.size());
  for (const char c : sequence.substr(1)) {
    character = character << 6 | (static_cast<uint8_t>(c) & 0x3fu);
  }
  return character;
}

bool IsControl(uint32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// Embeddings, overrides and isolates; separators of lines and paragraphs.
bool TurnsOrEndsLines(uint32_t c) {
  return (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string LabelFrom(absl::string_view text) {
  for (const char* ending : kEndings) {
    if (absl::EndsWithIgnoreCase(text, ending)) {
      text.remove_suffix(absl::string_view(ending).size());
      break;
    }
  }
  std::string label;
  for (char c : text) {
    if (c == '\'') continue;
    if (IsLabelChar(c) && c != '-') {
      label += absl::ascii_tolower(static_cast<unsigned char>(c));
    } else if (!label.empty() && label.back() != '-') {
      label += '-';
    }
    if (label.size() > kMaxLabelSize) break;
  }
  label = Trimmed(std::move(label));
  return label.empty() ? kNameless : label;
}

std::string UniqueLabel(const std::string& base,
                        const std::function<bool(const std::string&)>& taken) {
  std::string label = base;
  for (uint64_t n = 1; taken(label); ++n) {
    const std::string suffix = absl::StrCat("-", n);
    label = Trimmed(base.substr(0, kMaxLabelSize - suffix.size())) + suffix;
  }
  return label;
}

absl::Status CheckLabel(absl::string_view what, absl::string_view name) {
  bool good = !name.empty() && name.size() <= kMaxLabelSize &&
              name.front() != '-' && name.back() != '-';
  for (char c : name) good = good && IsLabelChar(c);
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " \"", Printable(name), "\": 1 to ", kMaxLabelSize,
                   " letters, digits and inner hyphens are allowed"));
}

absl::Status CheckLogin(absl::string_view what, absl::string_view name) {
  bool good = !name.empty() && name.size() <= kMaxLoginSize &&
              absl::ascii_isalnum(static_cast<unsigned char>(name[0]));
  for (char c : name) {
    good = good && (IsLabelChar(c) || absl::StrContains("._+@", c));
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      what, " \"", Printable(name), "\": 1 to ", kMaxLoginSize,
      " letters, digits and . _ - + @ are allowed, first a letter or digit"));
}

absl::Status CheckTag(absl::string_view tag) {
  absl::string_view name = tag;
  if (!absl::ConsumePrefix(&name, "tag:")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tag \"", Printable(tag), "\": write tag:NAME, such as tag:server"));
  }
  return CheckLabel("tag", name);
}

bool IsOneLine(absl::string_view text) {
  while (!text.empty()) {
    const size_t size = Utf8Length(text);
    if (size == 0 || IsControl(CharacterOf(text.substr(0, size)))) return false;
    text.remove_prefix(size);
  }
  return true;
}

absl::Status CheckLine(absl::string_view what, absl::string_view text) {
  if (text.size() <= kMaxTextSize && IsOneLine(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": one line of at most ", kMaxTextSize,
                   " bytes is allowed, without control characters"));
}

std::string Printable(absl::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t size = Utf8Length(text);
    const uint32_t c = size == 0 ? 0 : CharacterOf(text.substr(0, size));
    const bool shown = !IsControl(c) && !TurnsOrEndsLines(c);
    const absl::string_view piece =
        shown ? text.substr(0, size) : absl::string_view("?");
    if (out.size() + piece.size() > kMaxTextSize) break;
    absl::StrAppend(&out, piece);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string TailnetName(Rng& rng) {
  const auto first = FirstWords();
  const auto second = SecondWords();
  return absl::StrCat(first[rng.Below(first.size())], "-",
                      second[rng.Below(second.size())]);
}

}  // namespace warren::control
