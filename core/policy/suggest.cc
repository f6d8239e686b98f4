#include "core/policy/suggest.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace warren::policy {
namespace {

constexpr size_t kMaxLength = 64;  // longer words are not compared

// Letters to insert, drop or change (Levenshtein).
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string DidYouMean(absl::string_view text,
                       const std::vector<std::string>& candidates) {
  if (text.size() > kMaxLength) return "";
  const std::string lower = absl::AsciiStrToLower(text);
  size_t best = text.size() > 3 ? 3 : 2;  // to be beaten
  const std::string* found = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kMaxLength) continue;
    const size_t distance = Distance(lower, absl::AsciiStrToLower(candidate));
    if (distance >= best) continue;
    best = distance;
    found = &candidate;
  }
  return found == nullptr ? "" : absl::StrCat("did you mean \"", *found, "\"?");
}

}  // namespace warren::policy
