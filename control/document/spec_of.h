#ifndef WARREN_CONTROL_DOCUMENT_SPEC_OF_H_
#define WARREN_CONTROL_DOCUMENT_SPEC_OF_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/tailnet_state.h"
#include "control/store/records.h"
#include "warren/v1/tailnet_spec.pb.h"

// What a document says of a tailnet as it is, and a record as a document says
// it.
namespace warren::control {

// Normalised (plan.h); equal tailnets have equal documents.
v1::TailnetSpec SpecOf(const TailnetState& tailnet);

v1::TailnetSettings SettingsSpec(const TailnetSettings& settings);
TailnetSettings SettingsOf(const v1::TailnetSettings& message);

// "2027-01-31T12:00:00Z"; empty = 0. INVALID_ARGUMENT shows how to write it.
std::string ExpiryText(int64_t ms);
absl::StatusOr<int64_t> ExpiryFrom(absl::string_view text);

// The configuration of a provider, as stored.
std::string ConfigOf(const v1::ProviderSpec& spec);

}  // namespace warren::control

#endif  // WARREN_CONTROL_DOCUMENT_SPEC_OF_H_
