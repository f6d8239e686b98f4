#include "core/policy/parse_shape.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/policy/policy_text.h"
#include "core/policy/suggest.h"

namespace warren::policy {
namespace {

const JsonField* FindField(const std::vector<JsonField>& fields,
                           absl::string_view name) {
  for (const JsonField& field : fields) {
    if (absl::EqualsIgnoreCase(field.name, name)) return &field;
    if (!field.legacy_name.empty() &&
        absl::EqualsIgnoreCase(field.legacy_name, name)) {
      return &field;
    }
  }
  return nullptr;
}

std::vector<std::string> NamesOf(const std::vector<JsonField>& fields) {
  std::vector<std::string> names;
  for (const JsonField& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace

Text NameOf(const JsonMember& member) {
  return {std::string(absl::StripAsciiWhitespace(member.name.text)),
          member.name.place};
}

void ShapeReader::Note(Place place, std::string message, std::string hint) {
  problems_.push_back({place, std::move(message), std::move(hint)});
}

bool ShapeReader::Expect(const JsonValue& value, JsonKind kind,
                         absl::string_view what) {
  if (value.kind == kind) return true;
  Note(value.place, absl::StrCat(what, " must be ", JsonKindName(kind),
                                 ", found ", JsonKindName(value.kind)));
  return false;
}

void ShapeReader::Object(const JsonValue& value, absl::string_view what,
                         const std::vector<JsonField>& fields, bool skip_hash) {
  if (!Expect(value, JsonKind::kObject, what)) return;
  std::set<const JsonField*> seen;
  for (const JsonMember& member : value.members) {
    const std::string& name = member.name.text;
    if (skip_hash && absl::StartsWith(name, "#")) continue;
    const JsonField* field = FindField(fields, name);
    if (field == nullptr) {
      Note(member.name.place, absl::StrCat("unknown field ", QuoteJson(name)),
           problems_.size() < kMaxProblems ? DidYouMean(name, NamesOf(fields))
                                           : "");
    } else if (!seen.insert(field).second) {
      Note(member.name.place,
           absl::StrCat(what, " has \"", field->name, "\" twice"),
           absl::EqualsIgnoreCase(name, field->name)
               ? "names are the same in any case"
               : absl::StrCat("\"", name, "\" is an old name of it"));
    } else if (member.value.kind != JsonKind::kNull) {
      field->read(member.value);
    }
  }
}

void ShapeReader::Map(const JsonValue& value, absl::string_view what,
                      const std::function<void(const JsonMember&)>& read) {
  if (!Expect(value, JsonKind::kObject, what)) return;
  for (const JsonMember& member : value.members) read(member);
}

void ShapeReader::List(const JsonValue& value, absl::string_view what,
                       const std::function<void(const JsonValue&)>& read) {
  if (!Expect(value, JsonKind::kArray, what)) return;
  for (const JsonValue& item : value.items) read(item);
}

Text ShapeReader::String(const JsonValue& value, absl::string_view what) {
  if (!Expect(value, JsonKind::kString, what)) return {"", value.place};
  return {std::string(absl::StripAsciiWhitespace(value.text)), value.place};
}

Texts ShapeReader::Strings(const JsonValue& value, absl::string_view what) {
  Texts texts;
  const std::string element = absl::StrCat("an element of ", what);
  List(value, what,
       [&](const JsonValue& item) { texts.push_back(String(item, element)); });
  return texts;
}

bool ShapeReader::Bool(const JsonValue& value, absl::string_view what) {
  return Expect(value, JsonKind::kBool, what) && value.text == "true";
}

}  // namespace warren::policy
