#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/policy/hujson.h"
#include "core/policy/hujson_lexer.h"
#include "core/policy/json_gap.h"
#include "core/policy/policy_text.h"

namespace warren::policy {
namespace {

constexpr size_t kMaxLine = 120;  // columns
constexpr size_t kTabWidth = 4;

// An item, or a member with its name.
struct Element {
  const JsonValue* name = nullptr;
  const JsonValue* value = nullptr;
  size_t begin() const { return name == nullptr ? value->begin : name->begin; }
};

std::vector<Element> ElementsOf(const JsonValue& value) {
  std::vector<Element> elements;
  for (const JsonValue& item : value.items) {
    elements.push_back({nullptr, &item});
  }
  for (const JsonMember& member : value.members) {
    elements.push_back({&member.name, &member.value});
  }
  return elements;
}

bool HasComment(absl::string_view text) {
  JsonLexer lexer(text);
  for (; lexer.token() != JsonToken::kEnd; lexer.Next()) {
    if (lexer.token() == JsonToken::kComment) return true;
    if (lexer.token() == JsonToken::kBad) return true;
  }
  return false;
}

// Prints the tree anew, with the comments of the gaps between its values. A
// list or object that was on one line stays there if it fits.
class Formatter {
 public:
  explicit Formatter(absl::string_view text) : text_(text) {}

  std::string Format(const JsonValue& root) {
    const size_t begin = absl::StartsWith(text_, "\xEF\xBB\xBF") ? 3 : 0;
    const JsonGap head = ReadGap(Slice(begin, root.begin), false);
    Lines(head, /*trailing_too=*/true);
    if (head.blank_at_end && !head.comments.empty()) Blank();
    Print(root);
    const JsonGap tail = ReadGap(text_.substr(root.end), true);
    Trailing(tail);
    Lines(tail, false);
    return absl::StrReplaceAll(out_, {{"\r\n", "\n"}});
  }

 private:
  absl::string_view Slice(size_t begin, size_t end) const {
    return text_.substr(begin, end - begin);
  }

  void Indent() { out_.append(depth_, '\t'); }

  void Blank() {
    const bool follows = absl::EndsWith(out_, "\n\n") ||
                         absl::EndsWith(out_, "{\n") ||
                         absl::EndsWith(out_, "[\n") || out_.empty();
    if (!follows) out_ += '\n';
  }

  // Comments on lines of their own.
  void Lines(const JsonGap& gap, bool trailing_too) {
    for (const JsonComment& comment : gap.comments) {
      if (comment.trails && !trailing_too) continue;
      if (comment.blank_before) Blank();
      Indent();
      absl::StrAppend(&out_, comment.text, "\n");
    }
  }

  // Those that say something of the value just printed, and the line's end.
  void Trailing(const JsonGap& gap) {
    for (const JsonComment& comment : gap.comments) {
      if (comment.trails) absl::StrAppend(&out_, " ", comment.text);
    }
    out_ += '\n';
  }

  size_t Column() const {
    const size_t line = out_.rfind('\n');
    size_t column = 0;
    for (size_t i = line == std::string::npos ? 0 : line + 1; i < out_.size();
         ++i) {
      column += out_[i] == '\t' ? kTabWidth : 1;
    }
    return column;
  }

  void Print(const JsonValue& value) {
    const bool container =
        value.kind == JsonKind::kArray || value.kind == JsonKind::kObject;
    if (!container) {
      absl::StrAppend(&out_, Slice(value.begin, value.end));
    } else if (const std::string line = OneLine(value); !line.empty()) {
      out_ += line;
    } else {
      PrintLines(value);
    }
  }

  // A container on one line; "" if it does not fit there.
  std::string OneLine(const JsonValue& value) const {
    const absl::string_view slice = Slice(value.begin, value.end);
    const bool empty = value.items.empty() && value.members.empty();
    const bool lines = slice.find('\n') != absl::string_view::npos;
    if ((lines && !empty) || HasComment(slice)) return "";
    std::string line;
    AppendOneLine(value, line);
    return Column() + line.size() > kMaxLine && !empty ? "" : line;
  }

  void AppendOneLine(const JsonValue& value, std::string& line) const {
    const bool array = value.kind == JsonKind::kArray;
    if (!array && value.kind != JsonKind::kObject) {
      absl::StrAppend(&line, Slice(value.begin, value.end));
      return;
    }
    line += array ? '[' : '{';
    bool first = true;
    for (const Element& element : ElementsOf(value)) {
      if (!first) line += ", ";
      first = false;
      if (element.name != nullptr) {
        absl::StrAppend(&line, Slice(element.name->begin, element.name->end),
                        ": ");
      }
      AppendOneLine(*element.value, line);
    }
    line += array ? ']' : '}';
  }

  void PrintLines(const JsonValue& value) {
    const std::vector<Element> elements = ElementsOf(value);
    const size_t close = value.end - 1;
    const auto gap_before = [&](size_t i, size_t from) {
      const bool last = i == elements.size();
      return ReadGap(Slice(from, last ? close : elements[i].begin()), last);
    };
    out_ += text_[value.begin];
    JsonGap gap = gap_before(0, value.begin + 1);
    ++depth_;
    Trailing(gap);
    for (size_t i = 0; i < elements.size(); ++i) {
      Lines(gap, false);
      if (i > 0 && gap.blank_at_end) Blank();
      PrintElement(elements[i]);
      out_ += ',';
      gap = gap_before(i + 1, elements[i].value->end);
      Trailing(gap);
    }
    Lines(gap, false);
    --depth_;
    Indent();
    out_ += text_[close];
  }

  void PrintElement(const Element& element) {
    if (element.name != nullptr) {
      const JsonValue& name = *element.name;
      // Comments between a name and its value go before both.
      Lines(ReadGap(Slice(name.end, element.value->begin), false), true);
      Indent();
      absl::StrAppend(&out_, Slice(name.begin, name.end), ": ");
    } else {
      Indent();
    }
    Print(*element.value);
  }

  absl::string_view text_;
  std::string out_;
  size_t depth_ = 0;
};

}  // namespace

std::string Format(absl::string_view text) {
  const ParsedJson parsed = ParseJson(text);
  if (!parsed.ok()) return std::string(text);
  return Formatter(text).Format(parsed.root);
}

}  // namespace warren::policy
