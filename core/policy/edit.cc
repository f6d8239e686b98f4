#include "core/policy/edit.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/policy/hujson.h"
#include "core/policy/json_gap.h"
#include "core/policy/policy_text.h"

namespace warren::policy {
namespace {

absl::StatusOr<JsonValue> Parse(absl::string_view text,
                                absl::string_view what) {
  ParsedJson parsed = ParseJson(text);
  if (parsed.ok()) return std::move(parsed.root);
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": ", Describe(parsed.problems)));
}

// Begin and end of each element, with its name, in the order of the text.
struct Span {
  size_t begin = 0;
  size_t end = 0;
};

std::vector<Span> SpansOf(const JsonValue& container) {
  std::vector<Span> spans;
  for (const JsonValue& item : container.items) {
    spans.push_back({item.begin, item.end});
  }
  for (const JsonMember& member : container.members) {
    spans.push_back({member.name.begin, member.value.end});
  }
  return spans;
}

// The number of the element of that name; nothing if there is none.
std::optional<size_t> Lookup(const JsonValue& container,
                             const std::string& name) {
  if (container.kind == JsonKind::kArray) {
    size_t index = 0;
    if (!absl::SimpleAtoi(name, &index)) return std::nullopt;
    if (index >= container.items.size()) return std::nullopt;
    return index;
  }
  const JsonMember* member = container.Find(name);
  if (member == nullptr) return std::nullopt;
  return static_cast<size_t>(member - container.members.data());
}

const JsonValue& ValueAt(const JsonValue& container, size_t index) {
  return container.kind == JsonKind::kArray ? container.items[index]
                                            : container.members[index].value;
}

absl::Status NotFound(const JsonPath& path) {
  return absl::NotFoundError(
      absl::StrCat("the policy has no ", absl::StrJoin(path, "/")));
}

// One replacement of text[begin, end).
class Editor {
 public:
  Editor(absl::string_view text, const JsonValue& root)
      : text_(text), root_end_(root.end) {}

  void Replace(size_t begin, size_t end, absl::string_view with) {
    text_.replace(begin, end - begin, with.data(), with.size());
  }
  const std::string& text() const { return text_; }

  // Puts `element` behind the others of `container`.
  void Append(const JsonValue& container, absl::string_view element);
  // Takes the element out.
  void Erase(const JsonValue& container, size_t index);

 private:
  bool IsRoot(const JsonValue& container) const {
    return container.end == root_end_;
  }
  // The blanks that the line of `at` begins with.
  std::string IndentAt(size_t at) const {
    const size_t line = LineBegin(at);
    const size_t end = text_.find_first_not_of(" \t", line);
    return text_.substr(line, std::min(end, at) - line);
  }
  size_t LineBegin(size_t at) const {
    const size_t newline =
        at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
    return newline == std::string::npos ? 0 : newline + 1;
  }
  JsonGap GapAfter(const std::vector<Span>& spans, size_t index,
                   const JsonValue& container) const {
    const bool last = index + 1 == spans.size();
    const size_t end = last ? container.end - 1 : spans[index + 1].begin;
    return ReadGap(absl::string_view(text_).substr(spans[index].end,
                                                   end - spans[index].end),
                   last);
  }
  // The end of what belongs to the element: its comma, comments on its line.
  static size_t EndOf(const JsonGap& gap, size_t base) {
    size_t end = gap.has_comma ? base + gap.comma + 1 : base;
    for (const JsonComment& comment : gap.comments) {
      if (comment.trails) end = std::max(end, base + comment.end);
    }
    return end;
  }

  std::string text_;
  size_t root_end_;  // before the first edit
};

void Editor::Append(const JsonValue& container, absl::string_view element) {
  const std::vector<Span> spans = SpansOf(container);
  const absl::string_view slice = absl::string_view(text_).substr(
      container.begin, container.end - container.begin);
  const bool lines = slice.find('\n') != absl::string_view::npos;
  if (spans.empty()) {
    const JsonGap inside = ReadGap(slice.substr(1, slice.size() - 2), true);
    size_t at = container.begin + 1;
    if (!inside.comments.empty()) at += inside.comments.back().end;
    const std::string line =
        absl::StrCat("\n", IndentAt(container.begin), "\t", element, ",");
    // The root is not left on one line.
    const bool is_root = IsRoot(container);
    if (lines) return Replace(at, at, line);
    return Replace(at, at, is_root ? absl::StrCat(line, "\n") : element);
  }
  const Span& last = spans.back();
  const JsonGap gap = GapAfter(spans, spans.size() - 1, container);
  const size_t end = EndOf(gap, last.end);
  if (lines) {
    Replace(end, end, absl::StrCat("\n", IndentAt(last.begin), element, ","));
  } else {
    Replace(end, end, absl::StrCat(gap.has_comma ? " " : "", element));
  }
  if (gap.has_comma) return;
  Replace(last.end, last.end, lines ? "," : ", ");
}

void Editor::Erase(const JsonValue& container, size_t index) {
  const std::vector<Span> spans = SpansOf(container);
  const JsonGap gap = GapAfter(spans, index, container);
  size_t begin = spans[index].begin;
  size_t end = EndOf(gap, spans[index].end);
  const size_t after = text_.find_first_not_of(" \t\r", end);
  const size_t line = LineBegin(begin);
  const bool alone = text_.find_first_not_of(" \t", line) == begin &&
                     after != std::string::npos && text_[after] == '\n';
  if (alone) {
    begin = line;
    end = after + 1;
  } else if (gap.has_comma && after != std::string::npos &&
             text_[after] != '\n') {
    end = after;
  }
  const bool was_last = !gap.has_comma && index > 0;
  const JsonGap before =
      was_last ? GapAfter(spans, index - 1, container) : JsonGap();
  Replace(begin, end, "");
  // What was last without a comma leaves the one before it last.
  if (!was_last) return;
  const size_t comma = spans[index - 1].end + before.comma;
  const size_t blanks = text_.find_first_not_of(" \t", comma + 1);
  const bool same_line = blanks != std::string::npos && text_[blanks] != '\n';
  Replace(comma, same_line && !alone ? blanks : comma + 1, "");
}

// `json` without what stands around the value.
absl::StatusOr<std::string> Trimmed(absl::string_view json) {
  WARREN_ASSIGN_OR_RETURN(const JsonValue value, Parse(json, "the new value"));
  const absl::string_view slice =
      json.substr(value.begin, value.end - value.begin);
  return std::string(slice);
}

// `json` wrapped into the objects that path[from...] names.
std::string Wrap(const JsonPath& path, size_t from, std::string json) {
  for (size_t i = path.size(); i > from; --i) {
    json = absl::StrCat("{", QuoteJson(path[i - 1]), ": ", json, "}");
  }
  return json;
}

absl::StatusOr<std::string> Checked(const Editor& editor) {
  WARREN_RETURN_IF_ERROR(Parse(editor.text(), "the edited policy").status());
  return editor.text();
}

// An empty text is an empty policy.
absl::string_view OrObject(absl::string_view text) {
  const bool blank =
      text.find_first_not_of(" \t\r\n") == absl::string_view::npos;
  return blank ? absl::string_view("{}\n") : text;
}

// The list at `path`, or null if nothing is there.
absl::StatusOr<const JsonValue*> FindList(const JsonValue& root,
                                          const JsonPath& path) {
  const JsonValue* at = &root;
  for (const std::string& name : path) {
    const auto index = Lookup(*at, name);
    if (!index) return nullptr;
    at = &ValueAt(*at, *index);
  }
  if (at->kind == JsonKind::kArray) return at;
  return absl::InvalidArgumentError(absl::StrCat(absl::StrJoin(path, "/"),
                                                 " is ", JsonKindName(at->kind),
                                                 ", not a list"));
}

}  // namespace

absl::StatusOr<std::string> SetValue(absl::string_view text,
                                     const JsonPath& path,
                                     absl::string_view json) {
  text = OrObject(text);
  WARREN_ASSIGN_OR_RETURN(const JsonValue root, Parse(text, "the policy"));
  WARREN_ASSIGN_OR_RETURN(const std::string value, Trimmed(json));
  const JsonValue* at = &root;
  Editor editor(text, root);
  for (size_t i = 0; i < path.size(); ++i) {
    if (at->kind != JsonKind::kObject && at->kind != JsonKind::kArray) {
      return absl::InvalidArgumentError(
          absl::StrCat("nothing can be put into ", JsonKindName(at->kind),
                       " at ", absl::StrJoin(path, "/")));
    }
    const auto index = Lookup(*at, path[i]);
    if (index) {
      at = &ValueAt(*at, *index);
      continue;
    }
    if (at->kind == JsonKind::kArray) return NotFound(path);
    editor.Append(
        *at, absl::StrCat(QuoteJson(path[i]), ": ", Wrap(path, i + 1, value)));
    return Checked(editor);
  }
  editor.Replace(at->begin, at->end, value);
  return Checked(editor);
}

absl::StatusOr<std::string> RemoveValue(absl::string_view text,
                                        const JsonPath& path) {
  WARREN_ASSIGN_OR_RETURN(const JsonValue root, Parse(text, "the policy"));
  if (path.empty()) return NotFound(path);
  const JsonValue* at = &root;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const auto index = Lookup(*at, path[i]);
    if (!index) return NotFound(path);
    at = &ValueAt(*at, *index);
  }
  const auto index = Lookup(*at, path.back());
  if (!index) return NotFound(path);
  Editor editor(text, root);
  editor.Erase(*at, *index);
  return Checked(editor);
}

absl::StatusOr<std::string> AddToList(absl::string_view text,
                                      const JsonPath& path,
                                      absl::string_view json) {
  text = OrObject(text);
  WARREN_ASSIGN_OR_RETURN(const JsonValue root, Parse(text, "the policy"));
  WARREN_ASSIGN_OR_RETURN(const JsonValue value, Parse(json, "the new value"));
  WARREN_ASSIGN_OR_RETURN(const JsonValue* list, FindList(root, path));
  WARREN_ASSIGN_OR_RETURN(const std::string element, Trimmed(json));
  if (list == nullptr) {
    return SetValue(text, path, absl::StrCat("[", element, "]"));
  }
  for (const JsonValue& item : list->items) {
    if (ToJson(item) == ToJson(value)) return std::string(text);
  }
  Editor editor(text, root);
  editor.Append(*list, element);
  return Checked(editor);
}

absl::StatusOr<std::string> RemoveFromList(absl::string_view text,
                                           const JsonPath& path,
                                           absl::string_view json) {
  WARREN_ASSIGN_OR_RETURN(const JsonValue value, Parse(json, "the value"));
  const std::string wanted = ToJson(value);
  std::string edited(text);
  bool found = false;
  while (true) {
    WARREN_ASSIGN_OR_RETURN(const JsonValue root, Parse(edited, "the policy"));
    WARREN_ASSIGN_OR_RETURN(const JsonValue* list, FindList(root, path));
    if (list == nullptr) return NotFound(path);
    const auto item = std::find_if(
        list->items.begin(), list->items.end(),
        [&](const JsonValue& other) { return ToJson(other) == wanted; });
    if (item == list->items.end()) break;
    found = true;
    Editor editor(edited, root);
    editor.Erase(*list, static_cast<size_t>(item - list->items.begin()));
    WARREN_ASSIGN_OR_RETURN(edited, Checked(editor));
  }
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat(absl::StrJoin(path, "/"), " has no ", wanted));
  }
  return edited;
}

}  // namespace warren::policy
