#ifndef WARREN_CORE_POLICY_SUGGEST_H_
#define WARREN_CORE_POLICY_SUGGEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace warren::policy {

// "did you mean X?" for the candidate that is nearest to `text`, or "" when
// none is near: an edit or two away, in any case. Ties: the first.
std::string DidYouMean(absl::string_view text,
                       const std::vector<std::string>& candidates);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_SUGGEST_H_
