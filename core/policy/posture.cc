#include "core/policy/posture.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace warren::policy {
namespace {

// Reads an assertion from the left.
class Reader {
 public:
  explicit Reader(absl::string_view text) : rest_(text) {}

  void SkipSpace() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }
  bool AtEnd() {
    SkipSpace();
    return rest_.empty();
  }
  // Symbols anywhere, words up to their end; in any case.
  bool Take(absl::string_view token) {
    SkipSpace();
    if (!absl::StartsWithIgnoreCase(rest_, token)) return false;
    const absl::string_view after = rest_.substr(token.size());
    if (absl::ascii_isalpha(static_cast<unsigned char>(token[0])) &&
        !after.empty() &&
        absl::ascii_isalnum(static_cast<unsigned char>(after[0]))) {
      return false;
    }
    rest_ = after;
    return true;
  }
  std::string Attribute() {
    SkipSpace();
    return Run("_:.-/");
  }
  // 'text', "text", or a bare number or word.
  std::optional<std::string> Value() {
    SkipSpace();
    if (rest_.empty()) return std::nullopt;
    const char quote = rest_[0];
    if (quote != '\'' && quote != '"') {
      std::string bare = Run("_.+-");
      return bare.empty() ? std::nullopt : std::optional(std::move(bare));
    }
    const size_t end = rest_.find(quote, 1);
    if (end == absl::string_view::npos) return std::nullopt;
    std::string value(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return value;
  }

 private:
  std::string Run(absl::string_view besides) {
    size_t end = 0;
    while (end < rest_.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(rest_[end])) ||
            absl::StrContains(besides, rest_[end]))) {
      ++end;
    }
    std::string run(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return run;
  }

  absl::string_view rest_;
};

std::optional<Comparison> ReadComparison(Reader& reader) {
  struct Row {
    const char* first;
    const char* second;  // may be empty
    Comparison comparison;
  };
  // Longer symbols before those they begin with.
  static constexpr Row kRows[] = {
      {"==", "", Comparison::kEqual},
      {"!=", "", Comparison::kNotEqual},
      {"<=", "", Comparison::kLessOrEqual},
      {">=", "", Comparison::kGreaterOrEqual},
      {"<", "", Comparison::kLess},
      {">", "", Comparison::kGreater},
      {"IN", "", Comparison::kIn},
      {"IS", "SET", Comparison::kIsSet},
      {"NOT", "IN", Comparison::kNotIn},
      {"NOT", "SET", Comparison::kNotSet},
  };
  for (const Row& row : kRows) {
    const Reader before = reader;
    if (reader.Take(row.first) &&
        (row.second[0] == '\0' || reader.Take(row.second))) {
      return row.comparison;
    }
    reader = before;
  }
  return std::nullopt;
}

bool ReadList(Reader& reader, std::vector<std::string>& values) {
  if (!reader.Take("[")) return false;
  if (reader.Take("]")) return true;
  while (true) {
    std::optional<std::string> value = reader.Value();
    if (!value.has_value()) return false;
    values.push_back(*std::move(value));
    if (reader.Take("]")) return true;
    if (!reader.Take(",")) return false;
  }
}

// Cuts the next number off; "1.60.0-t3a" ends after its numbers.
std::optional<uint64_t> NextPart(absl::string_view& rest) {
  size_t end = 0;
  while (end < rest.size() &&
         absl::ascii_isdigit(static_cast<unsigned char>(rest[end]))) {
    ++end;
  }
  uint64_t number = 0;
  if (end == 0 || !absl::SimpleAtoi(rest.substr(0, end), &number)) {
    rest = {};
    return std::nullopt;
  }
  const bool more = end < rest.size() && rest[end] == '.';
  rest = more ? rest.substr(end + 1) : absl::string_view();
  return number;
}

bool LooksLikeVersion(absl::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return absl::ascii_isdigit(c) || c == '.';
  });
}

bool AreNumbers(absl::string_view a, absl::string_view b) {
  double unused = 0;
  return absl::SimpleAtod(a, &unused) && absl::SimpleAtod(b, &unused);
}

// What the client reports of itself is a version where it is ordered at all
// (1.9 is before 1.60); other numbers are decimal (1.9 is after 1.60).
int Compare(absl::string_view attribute, absl::string_view a,
            absl::string_view b) {
  if (absl::StartsWith(attribute, "node:") || !AreNumbers(a, b)) {
    return CompareVersions(a, b);
  }
  double x = 0;
  double y = 0;
  (void)absl::SimpleAtod(a, &x);
  (void)absl::SimpleAtod(b, &y);
  return x < y ? -1 : x > y ? 1 : 0;
}

bool Same(absl::string_view attribute, absl::string_view a,
          absl::string_view b) {
  const bool ordered =
      (LooksLikeVersion(a) && LooksLikeVersion(b)) || AreNumbers(a, b);
  return ordered ? Compare(attribute, a, b) == 0 : a == b;
}

bool Among(const Assertion& assertion, absl::string_view value) {
  return std::ranges::any_of(assertion.values, [&](const std::string& v) {
    return Same(assertion.attribute, v, value);
  });
}

}  // namespace

absl::StatusOr<Assertion> ParseAssertion(absl::string_view text) {
  const auto wrong = [&](absl::string_view expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("posture assertion \"", text, "\": expected ", expected));
  };
  Reader reader(text);
  Assertion assertion;
  assertion.attribute = reader.Attribute();
  if (!absl::StrContains(assertion.attribute, ':')) {
    return wrong("an attribute such as node:os or custom:tier first");
  }
  const std::optional<Comparison> comparison = ReadComparison(reader);
  if (!comparison.has_value()) {
    return wrong(
        "==, !=, <, <=, >, >=, IN, NOT IN, IS SET or NOT SET after the "
        "attribute");
  }
  assertion.comparison = *comparison;
  if (*comparison == Comparison::kIn || *comparison == Comparison::kNotIn) {
    if (!ReadList(reader, assertion.values)) {
      return wrong("a list such as ['a', 'b']");
    }
  } else if (*comparison != Comparison::kIsSet &&
             *comparison != Comparison::kNotSet) {
    std::optional<std::string> value = reader.Value();
    if (!value.has_value()) return wrong("a value such as 'linux' or 1.60");
    assertion.values.push_back(*std::move(value));
  }
  if (!reader.AtEnd()) return wrong("nothing after the value");
  return assertion;
}

bool Holds(const Assertion& assertion,
           const std::map<std::string, std::string>& attributes) {
  const auto found = attributes.find(assertion.attribute);
  const bool set = found != attributes.end();
  if (assertion.comparison == Comparison::kNotSet) return !set;
  if (!set) return false;
  const std::string& actual = found->second;
  const auto order = [&] {
    return Compare(assertion.attribute, actual, assertion.values.front());
  };
  switch (assertion.comparison) {
    case Comparison::kEqual:
    case Comparison::kIn:
      return Among(assertion, actual);
    case Comparison::kNotEqual:
    case Comparison::kNotIn:
      return !Among(assertion, actual);
    case Comparison::kLess:
      return order() < 0;
    case Comparison::kLessOrEqual:
      return order() <= 0;
    case Comparison::kGreater:
      return order() > 0;
    case Comparison::kGreaterOrEqual:
      return order() >= 0;
    case Comparison::kIsSet:
      return true;
    case Comparison::kNotSet:
      return false;
  }
  return false;
}

int CompareVersions(absl::string_view a, absl::string_view b) {
  while (!a.empty() || !b.empty()) {
    const uint64_t x = NextPart(a).value_or(0);
    const uint64_t y = NextPart(b).value_or(0);
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

}  // namespace warren::policy
