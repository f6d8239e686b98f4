#ifndef WARREN_CORE_POLICY_HUJSON_H_
#define WARREN_CORE_POLICY_HUJSON_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/policy/policy.h"

// HuJSON: JSON (RFC 8259) with comments, // and /* */, and a comma after the
// last element. The tree knows where each value stands, so that all between
// the values (comments, layout) can be kept by who edits the text.
namespace warren::policy {

inline constexpr int kMaxJsonDepth = 64;

enum class JsonKind { kNull, kBool, kNumber, kString, kArray, kObject };

struct JsonMember;

// A value, at text[begin, end).
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  Place place;
  size_t begin = 0;
  size_t end = 0;
  // A string without quotes and escapes, in UTF-8; else as it is written.
  // Empty for arrays and objects.
  std::string text;
  std::vector<JsonValue> items;     // kArray
  std::vector<JsonMember> members;  // kObject, in the order of the text

  // The member of this name, in any case; null if there is none.
  const JsonMember* Find(absl::string_view name) const;
};

struct JsonMember {
  JsonValue name;  // kString
  JsonValue value;
};

struct ParsedJson {
  JsonValue root;
  std::vector<Problem> problems;  // empty or one: then `root` is of no use
  bool ok() const { return problems.empty(); }
};

// Any bytes are welcome. A problem: not HuJSON, not UTF-8, a name twice in an
// object, a NUL or half a surrogate pair in a string, nested deeper than
// kMaxJsonDepth. A byte order mark at the start is no part of the text.
ParsedJson ParseJson(absl::string_view text);

// `value` as JSON on one line, names in their order.
std::string ToJson(const JsonValue& value);
// `text` as a JSON string, quoted.
std::string QuoteJson(absl::string_view text);

// "a string", "a list" ...: for messages.
absl::string_view JsonKindName(JsonKind kind);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_HUJSON_H_
