#include "core/policy/hujson_lexer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "core/policy/json_string.h"

namespace warren::policy {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '+' || c == '.' || c == '_';
}

std::string Unexpected(unsigned char c) {
  if (absl::ascii_isprint(c)) {
    return absl::StrFormat("invalid character '%c'", c);
  }
  return absl::StrFormat("invalid byte 0x%02x", c);
}

}  // namespace

JsonLexer::JsonLexer(absl::string_view text) : all_(text) {
  if (absl::StartsWith(text, kByteOrderMark)) {
    end_ = counted_ = line_begin_ = kByteOrderMark.size();
  }
  Next();
}

void JsonLexer::Next() {
  if (token_ == JsonToken::kBad) return;
  SkipBlanks();
  begin_ = end_;
  place_ = PlaceOf(begin_);
  if (begin_ == all_.size()) {
    token_ = JsonToken::kEnd;
    return;
  }
  const char c = all_[begin_];
  if (absl::string_view("{}[]:,").find(c) != absl::string_view::npos) {
    token_ = JsonToken::kPunctuation;
    ++end_;
  } else if (c == '"') {
    ReadString();
  } else if (c == '/') {
    ReadComment();
  } else if (IsWordByte(c)) {
    ReadWord();
  } else {
    Fail(begin_, Unexpected(static_cast<unsigned char>(c)));
  }
}

void JsonLexer::SkipBlanks() {
  lines_before_ = 0;
  while (end_ < all_.size()) {
    const char c = all_[end_];
    if (c == '\n') ++lines_before_;
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
    ++end_;
  }
}

void JsonLexer::ReadComment() {
  const absl::string_view rest = all_.substr(begin_);
  token_ = JsonToken::kComment;
  if (absl::StartsWith(rest, "//")) {
    const size_t line_end = all_.find('\n', begin_);
    end_ = line_end == absl::string_view::npos ? all_.size() : line_end;
    if (all_[end_ - 1] == '\r') --end_;
    return CheckComment();
  }
  if (!absl::StartsWith(rest, "/*")) {
    return Fail(begin_, "invalid character '/'");
  }
  const size_t close = all_.find("*/", begin_ + 2);
  if (close == absl::string_view::npos) {
    return Fail(begin_, "comment without an end");
  }
  end_ = close + 2;
  CheckComment();
}

void JsonLexer::CheckComment() {
  if (!IsUtf8(text())) return Fail(begin_, "a comment is not UTF-8");
  if (text().find('\0') == absl::string_view::npos) return;
  Fail(begin_, "a comment has a NUL character");
}

void JsonLexer::ReadString() {
  token_ = JsonToken::kString;
  for (size_t at = begin_ + 1; at < all_.size(); ++at) {
    const char c = all_[at];
    if (c == '"') {
      end_ = at + 1;
      return;
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      return Fail(at, c == '\n' || c == '\r'
                          ? "string without an end"
                          : "invalid control character in a string");
    }
    if (c == '\\') ++at;
  }
  Fail(begin_, "string without an end");
}

void JsonLexer::ReadWord() {
  token_ = JsonToken::kWord;
  while (end_ < all_.size() && IsWordByte(all_[end_])) ++end_;
}

void JsonLexer::Fail(size_t at, absl::string_view fault) {
  token_ = JsonToken::kBad;
  fault_ = std::string(fault);
  begin_ = end_ = at;
  place_ = PlaceOf(at);
}

Place JsonLexer::PlaceOf(size_t at) {
  for (; counted_ < at; ++counted_) {
    if (all_[counted_] != '\n') continue;
    ++line_;
    line_begin_ = counted_ + 1;
  }
  return {line_, static_cast<uint32_t>(at - line_begin_ + 1)};
}

}  // namespace warren::policy
