#ifndef WARREN_CORE_POLICY_PARSE_SHAPE_H_
#define WARREN_CORE_POLICY_PARSE_SHAPE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/policy/hujson.h"
#include "core/policy/policy.h"

// From values of JSON to the fields of the tree: what has the wrong shape is
// noted with its place, and the rest is read all the same.
namespace warren::policy {

// A field of an object. Names are matched in any case; a legacy name stands
// for the same field. null counts as absent: `read` is not called.
struct JsonField {
  std::string name;
  std::function<void(const JsonValue&)> read;
  std::string legacy_name = {};
};

class ShapeReader {
 public:
  explicit ShapeReader(std::vector<Problem>& problems) : problems_(problems) {}

  // Calls the fields of `value`, once each. Unknown names and doubles are
  // noted. With `skip_hash`, names that begin with # are comments.
  void Object(const JsonValue& value, absl::string_view what,
              const std::vector<JsonField>& fields, bool skip_hash = false);
  // Calls `read` with each member of an object of any names.
  void Map(const JsonValue& value, absl::string_view what,
           const std::function<void(const JsonMember&)>& read);
  // Calls `read` with each item.
  void List(const JsonValue& value, absl::string_view what,
            const std::function<void(const JsonValue&)>& read);

  // Blanks around strings are dropped, as the hosted service does.
  Text String(const JsonValue& value, absl::string_view what);
  Texts Strings(const JsonValue& value, absl::string_view what);
  bool Bool(const JsonValue& value, absl::string_view what);

  void Note(Place place, std::string message, std::string hint = "");

 private:
  bool Expect(const JsonValue& value, JsonKind kind, absl::string_view what);

  std::vector<Problem>& problems_;
};

// Where a member's name stands, and what it says.
Text NameOf(const JsonMember& member);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_PARSE_SHAPE_H_
