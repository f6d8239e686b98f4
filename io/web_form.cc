#include "io/web_form.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace warren::io {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return -1;
}

bool IsAllowed(char c, bool lines) {
  if (lines && (c == '\r' || c == '\n' || c == '\t')) return true;
  return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
}

// How many bytes the UTF-8 character at the front of `text` has; 0: none.
size_t CharacterSize(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  const uint8_t second = byte(1);  // Over-long, surrogate, beyond U+10FFFF.
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return size;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::optional<std::string> PercentDecode(absl::string_view text, bool lines) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = HexValue(text[i + 1]), low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (!IsAllowed(c, lines)) return std::nullopt;
    out.push_back(c);
  }
  if (!IsUtf8(out)) return std::nullopt;
  return out;
}

std::string PercentEncode(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        absl::StrContains("-._~", absl::string_view(&c, 1))) {
      out.push_back(c);
    } else {
      absl::StrAppend(&out, "%",
                      absl::AsciiStrToUpper(
                          absl::BytesToHexString(absl::string_view(&c, 1))));
    }
  }
  return out;
}

std::optional<WebForm> WebForm::Parse(absl::string_view text) {
  WebForm form;
  if (text.empty()) return form;
  size_t count = 0;
  for (const absl::string_view pair : absl::StrSplit(text, '&')) {
    if (pair.empty()) continue;
    if (++count > kMaxFields) return std::nullopt;
    const std::string spaced = absl::StrReplaceAll(pair, {{"+", " "}});
    const size_t equal = spaced.find('=');
    const auto name = PercentDecode(
        absl::string_view(spaced).substr(0, std::min(equal, spaced.size())));
    const auto value =
        PercentDecode(equal == std::string::npos
                          ? ""
                          : absl::string_view(spaced).substr(equal + 1),
                      /*lines=*/true);
    if (!name || !value) return std::nullopt;
    if (!form.values_.emplace(*name, *value).second) {
      form.values_[*name].clear();
      form.has_repeats_ = true;
    }
  }
  return form;
}

const std::string& WebForm::Get(absl::string_view name) const {
  static const std::string kNone;
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

absl::string_view FindCookie(absl::string_view header, absl::string_view name) {
  for (absl::string_view pair : absl::StrSplit(header, ';')) {
    pair = absl::StripAsciiWhitespace(pair);
    const size_t equal = pair.find('=');
    if (equal != absl::string_view::npos && pair.substr(0, equal) == name) {
      return pair.substr(equal + 1);
    }
  }
  return "";
}

}  // namespace warren::io
