#ifndef WARREN_CORE_POLICY_POSTURE_H_
#define WARREN_CORE_POLICY_POSTURE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Device posture: what a rule may ask of the source device
// (specs/control-ts2021.md 6.9).
namespace warren::policy {

enum class Comparison : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kNotIn,
  kIsSet,
  kNotSet,
};

// One assertion: "node:os == 'linux'", "custom:tier IN ['gold', 'silver']",
// "custom:score >= 7", "node:tsStateEncrypted IS SET".
struct Assertion {
  std::string attribute;
  Comparison comparison = Comparison::kEqual;
  std::vector<std::string> values;  // one; any number for kIn; none for kIsSet
};

// INVALID_ARGUMENT says what was expected where.
absl::StatusOr<Assertion> ParseAssertion(absl::string_view text);

// Whether a device with these attributes meets `assertion`. An attribute that
// is not set fails all but kNotSet. What the client reports ("node:...") is
// ordered as versions ("1.9" < "1.60.0"), the rest as numbers where both are;
// == and != look so only at numbers and versions, else at the text.
bool Holds(const Assertion& assertion,
           const std::map<std::string, std::string>& attributes);

// -1, 0, 1: dotted versions, part by part as numbers; a missing part is 0;
// what follows the numbers ("1.60.0-t3a") does not count.
int CompareVersions(absl::string_view a, absl::string_view b);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_POSTURE_H_
