#include "core/policy/json_string.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/policy/hujson.h"

namespace warren::policy {
namespace {

absl::Status Invalid(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

void AppendUtf8(uint32_t c, std::string& out) {
  const auto tail = [&out, c](int shift) {
    out += static_cast<char>(0x80 | ((c >> shift) & 0x3F));
  };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// The four hex digits after \u, taken from `rest`.
std::optional<uint32_t> TakeHex4(absl::string_view& rest) {
  uint32_t value = 0;
  const absl::string_view digits = rest.substr(0, 4);
  if (digits.size() < 4) return std::nullopt;
  for (const char c : digits) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      return std::nullopt;
    }
  }
  if (!absl::SimpleHexAtoi(digits, &value)) return std::nullopt;
  rest.remove_prefix(4);
  return value;
}

bool IsHighSurrogate(uint32_t c) { return c >= 0xD800 && c < 0xDC00; }
bool IsLowSurrogate(uint32_t c) { return c >= 0xDC00 && c < 0xE000; }

absl::Status UnescapeUnicode(absl::string_view& rest, std::string& out) {
  const auto first = TakeHex4(rest);
  if (!first) return Invalid("\\u without four hexadecimal digits");
  if (*first == 0) return Invalid("a string has a NUL character");
  if (IsLowSurrogate(*first)) return Invalid("half a surrogate pair");
  if (!IsHighSurrogate(*first)) {
    AppendUtf8(*first, out);
    return absl::OkStatus();
  }
  if (!absl::ConsumePrefix(&rest, "\\u")) {
    return Invalid("half a surrogate pair");
  }
  const auto second = TakeHex4(rest);
  if (!second || !IsLowSurrogate(*second)) {
    return Invalid("half a surrogate pair");
  }
  AppendUtf8(0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00), out);
  return absl::OkStatus();
}

absl::Status Unescape(absl::string_view& rest, std::string& out) {
  constexpr absl::string_view kLetters = "\"\\/bfnrt";
  constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (rest.empty()) return Invalid("an escape without an end");
  const char letter = rest[0];
  rest.remove_prefix(1);
  if (letter == 'u') return UnescapeUnicode(rest, out);
  const size_t at = kLetters.find(letter);
  if (at == absl::string_view::npos) {
    return Invalid("an escape that JSON does not know");
  }
  out += kMeanings[at];
  return absl::OkStatus();
}

// The bytes of the character that `text` begins with; 0 if it is none.
size_t Utf8Size(absl::string_view text) {
  const auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;   // not the shortest
  if (lead == 0xED && byte(1) >= 0xA0) return 0;  // a surrogate
  if (lead == 0xF0 && byte(1) < 0x90) return 0;   // not the shortest
  if (lead == 0xF4 && byte(1) >= 0x90) return 0;  // above U+10FFFF
  return size;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t size = Utf8Size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

absl::StatusOr<std::string> UnquoteJson(absl::string_view quoted) {
  absl::string_view rest = quoted.substr(1, quoted.size() - 2);
  if (!IsUtf8(rest)) return Invalid("a string is not UTF-8");
  std::string out;
  while (!rest.empty()) {
    const size_t plain = std::min(rest.find('\\'), rest.size());
    absl::StrAppend(&out, rest.substr(0, plain));
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    if (const absl::Status status = Unescape(rest, out); !status.ok()) {
      return status;
    }
  }
  return out;
}

std::string QuoteJson(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

}  // namespace warren::policy
