#include "core/policy/json_gap.h"

#include "core/policy/hujson_lexer.h"

namespace warren::policy {

JsonGap ReadGap(absl::string_view gap, bool is_last) {
  JsonGap read;
  JsonLexer lexer(gap);
  bool same_line = true;  // as the value before
  for (; lexer.token() == JsonToken::kComment ||
         lexer.token() == JsonToken::kPunctuation;
       lexer.Next()) {
    if (lexer.lines_before() > 0) same_line = false;
    if (lexer.Is(',')) {
      read.has_comma = true;
      read.comma = lexer.begin();
    }
    if (lexer.token() != JsonToken::kComment) continue;
    const absl::string_view text = lexer.text();
    read.comments.push_back(
        {text, lexer.end(), same_line, lexer.lines_before() > 1});
    const bool ends_line =
        text.substr(0, 2) == "//" || text.find('\n') != absl::string_view::npos;
    if (ends_line) same_line = false;
  }
  read.blank_at_end = lexer.lines_before() > 1;
  const bool one_line = same_line && lexer.lines_before() == 0;
  if (!one_line || is_last) return read;
  for (JsonComment& comment : read.comments) {
    comment.trails = read.has_comma && comment.end <= read.comma;
  }
  return read;
}

}  // namespace warren::policy
