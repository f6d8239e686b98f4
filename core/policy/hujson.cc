#include "core/policy/hujson.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/policy/hujson_lexer.h"
#include "core/policy/json_string.h"

namespace warren::policy {
namespace {

bool IsNumber(absl::string_view word) {
  const auto digits = [&word] {
    size_t n = 0;
    while (n < word.size() && word[n] >= '0' && word[n] <= '9') ++n;
    word.remove_prefix(n);
    return n;
  };
  if (absl::StartsWith(word, "-")) word.remove_prefix(1);
  const bool zero = absl::StartsWith(word, "0");
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (absl::StartsWith(word, ".")) {
    word.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (absl::StartsWithIgnoreCase(word, "e")) {
    word.remove_prefix(1);
    if (!word.empty() && (word[0] == '+' || word[0] == '-')) {
      word.remove_prefix(1);
    }
    if (digits() == 0) return false;
  }
  return word.empty();
}

// Recursive descent over the tokens; stops at the first problem.
class Reader {
 public:
  explicit Reader(absl::string_view text) : lexer_(text) { SkipComments(); }

  ParsedJson Read() {
    ParsedJson parsed;
    bool good = ReadValue(parsed.root, 0);
    if (good && lexer_.token() != JsonToken::kEnd) {
      good = Fail("more text after the end of the value");
    }
    if (!good) parsed.problems.push_back(std::move(problem_));
    return parsed;
  }

 private:
  bool FailAt(Place place, std::string message) {
    problem_.place = place;
    problem_.message = std::move(message);
    return false;
  }
  // Of what stands here; a fault of the lexer comes first.
  bool Fail(std::string message) {
    if (lexer_.token() == JsonToken::kBad) message = lexer_.fault();
    return FailAt(lexer_.place(), std::move(message));
  }
  bool Unexpected(absl::string_view wanted) {
    if (lexer_.token() == JsonToken::kEnd) {
      return Fail(absl::StrCat("the text ends where ", wanted, " is wanted"));
    }
    return Fail(
        absl::StrCat("found '", lexer_.text(), "' instead of ", wanted));
  }

  void SkipComments() {
    while (lexer_.token() == JsonToken::kComment) lexer_.Next();
  }
  void Next() {
    lexer_.Next();
    SkipComments();
  }

  bool ReadValue(JsonValue& value, int depth) {
    value.place = lexer_.place();
    value.begin = lexer_.begin();
    if (depth > kMaxJsonDepth) {
      return Fail(absl::StrCat("nested deeper than ", kMaxJsonDepth));
    }
    if (lexer_.Is('{')) return ReadObject(value, depth);
    if (lexer_.Is('[')) return ReadArray(value, depth);
    if (lexer_.token() == JsonToken::kString) return ReadString(value);
    if (lexer_.token() == JsonToken::kWord) return ReadWord(value);
    return Unexpected("a value");
  }

  bool ReadWord(JsonValue& value) {
    const absl::string_view word = lexer_.text();
    if (word == "null") {
      value.kind = JsonKind::kNull;
    } else if (word == "true" || word == "false") {
      value.kind = JsonKind::kBool;
    } else if (IsNumber(word)) {
      value.kind = JsonKind::kNumber;
    } else {
      return Unexpected("a value");
    }
    value.text = std::string(word);
    value.end = lexer_.end();
    Next();
    return true;
  }

  bool ReadString(JsonValue& value) {
    value.kind = JsonKind::kString;
    value.end = lexer_.end();
    auto text = UnquoteJson(lexer_.text());
    if (!text.ok()) return Fail(std::string(text.status().message()));
    value.text = *std::move(text);
    Next();
    return true;
  }

  // After an element: a comma, or the end; sets `more`.
  bool ReadSeparator(JsonValue& value, char close, bool& more) {
    if (lexer_.Is(',')) {
      Next();
    } else if (!lexer_.Is(close)) {
      return Unexpected(absl::StrCat("',' or '", std::string(1, close), "'"));
    }
    more = !lexer_.Is(close);
    if (!more) {
      value.end = lexer_.end();
      Next();
    }
    return true;
  }

  bool ReadArray(JsonValue& value, int depth) {
    value.kind = JsonKind::kArray;
    Next();
    bool more = !lexer_.Is(']');
    if (!more && !ReadSeparator(value, ']', more)) return false;
    while (more) {
      value.items.emplace_back();
      if (!ReadValue(value.items.back(), depth + 1)) return false;
      if (!ReadSeparator(value, ']', more)) return false;
    }
    return true;
  }

  bool ReadObject(JsonValue& value, int depth) {
    value.kind = JsonKind::kObject;
    Next();
    std::set<std::string> names;
    bool more = !lexer_.Is('}');
    if (!more && !ReadSeparator(value, '}', more)) return false;
    while (more) {
      JsonMember& member = value.members.emplace_back();
      if (lexer_.token() != JsonToken::kString) return Unexpected("a name");
      if (!ReadValue(member.name, depth + 1)) return false;
      if (!names.insert(member.name.text).second) {
        return FailAt(
            member.name.place,
            absl::StrCat("duplicate name ", QuoteJson(member.name.text)));
      }
      if (!lexer_.Is(':')) return Unexpected("':'");
      Next();
      if (!ReadValue(member.value, depth + 1)) return false;
      if (!ReadSeparator(value, '}', more)) return false;
    }
    return true;
  }

  JsonLexer lexer_;
  Problem problem_;
};

void AppendJson(const JsonValue& value, std::string& out) {
  switch (value.kind) {
    case JsonKind::kString:
      out += QuoteJson(value.text);
      return;
    case JsonKind::kArray:
      out += '[';
      for (const JsonValue& item : value.items) {
        if (out.back() != '[') out += ',';
        AppendJson(item, out);
      }
      out += ']';
      return;
    case JsonKind::kObject:
      out += '{';
      for (const JsonMember& member : value.members) {
        if (out.back() != '{') out += ',';
        absl::StrAppend(&out, QuoteJson(member.name.text), ":");
        AppendJson(member.value, out);
      }
      out += '}';
      return;
    default:
      out += value.text;
  }
}

}  // namespace

const JsonMember* JsonValue::Find(absl::string_view name) const {
  for (const JsonMember& member : members) {
    if (absl::EqualsIgnoreCase(member.name.text, name)) return &member;
  }
  return nullptr;
}

ParsedJson ParseJson(absl::string_view text) { return Reader(text).Read(); }

std::string ToJson(const JsonValue& value) {
  std::string out;
  AppendJson(value, out);
  return out;
}

absl::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a boolean";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "a list";
    case JsonKind::kObject:
      return "an object";
  }
  return "";
}

}  // namespace warren::policy
