#include "control/api/query.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "io/web_form.h"

namespace warren::control {
namespace {

absl::StatusOr<std::string> Unescape(absl::string_view text) {
  auto plain = io::PercentDecode(absl::StrReplaceAll(text, {{"+", " "}}));
  if (plain) return *std::move(plain);
  return absl::InvalidArgumentError(
      "the query has a bad escape, or is not text in UTF-8");
}

}  // namespace

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseQuery(
    absl::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (text.empty()) return pairs;
  for (const absl::string_view part : absl::StrSplit(text, '&')) {
    if (pairs.size() >= kMaxQueryPairs) {
      return absl::InvalidArgumentError(
          absl::StrCat("the query has more than ", kMaxQueryPairs, " parts"));
    }
    const size_t equals = part.find('=');
    WARREN_ASSIGN_OR_RETURN(std::string name, Unescape(part.substr(0, equals)));
    std::string value;
    if (equals != absl::string_view::npos) {
      WARREN_ASSIGN_OR_RETURN(value, Unescape(part.substr(equals + 1)));
    }
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

}  // namespace warren::control
