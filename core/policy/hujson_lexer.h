#ifndef WARREN_CORE_POLICY_HUJSON_LEXER_H_
#define WARREN_CORE_POLICY_HUJSON_LEXER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "core/policy/policy.h"

// HuJSON as tokens.
namespace warren::policy {

enum class JsonToken {
  kPunctuation,  // one of {}[]:,
  kString,       // with its quotes
  kWord,         // number, true, false, null, or garbage of such letters
  kComment,      // without the end of its line
  kEnd,
  kBad,  // what is wrong is in `fault`
};

// Walks over a text, one token at a time. Any bytes are welcome.
class JsonLexer {
 public:
  // `text` must outlive the lexer.
  explicit JsonLexer(absl::string_view text);

  // On to the next token; after kEnd or kBad it stays.
  void Next();

  JsonToken token() const { return token_; }
  absl::string_view text() const { return all_.substr(begin_, end_ - begin_); }
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }
  Place place() const { return place_; }
  // Ends of line between the token before and this one.
  int lines_before() const { return lines_before_; }
  const std::string& fault() const { return fault_; }
  bool Is(char punctuation) const {
    return token_ == JsonToken::kPunctuation && all_[begin_] == punctuation;
  }

 private:
  void SkipBlanks();
  void ReadComment();
  void CheckComment();
  void ReadString();
  void ReadWord();
  void Fail(size_t at, absl::string_view fault);
  Place PlaceOf(size_t at);

  absl::string_view all_;
  JsonToken token_ = JsonToken::kEnd;
  size_t begin_ = 0;
  size_t end_ = 0;
  Place place_;
  int lines_before_ = 0;
  std::string fault_;
  // Where the lines were last counted up to.
  size_t counted_ = 0;
  size_t line_begin_ = 0;
  uint32_t line_ = 1;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_HUJSON_LEXER_H_
