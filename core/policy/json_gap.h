#ifndef WARREN_CORE_POLICY_JSON_GAP_H_
#define WARREN_CORE_POLICY_JSON_GAP_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

// What stands between two values of HuJSON: blanks, comments and a comma.
namespace warren::policy {

struct JsonComment {
  absl::string_view text;  // in the gap
  size_t end = 0;          // in the gap
  // Says something of the value before the gap, on whose line it is.
  bool trails = false;
  bool blank_before = false;  // a line without anything
};

struct JsonGap {
  std::vector<JsonComment> comments;
  bool has_comma = false;
  size_t comma = 0;           // where, in the gap
  bool blank_at_end = false;  // a blank line before what follows
};

// `gap` is text[end of a value, begin of the next). A comment between two
// values of one line says something of the one on its side of the comma;
// `is_last` tells that no value follows but a closing bracket.
JsonGap ReadGap(absl::string_view gap, bool is_last);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_JSON_GAP_H_
