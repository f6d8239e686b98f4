#ifndef WARREN_CONTROL_DOCUMENT_PLAN_H_
#define WARREN_CONTROL_DOCUMENT_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "warren/v1/tailnet_spec.pb.h"

// From what a tailnet is to what a document says it should be. Pure: nothing
// is looked up and nothing done.
namespace warren::control {

inline constexpr uint32_t kSpecFormat = 1;

enum class SpecVerb : uint8_t { kCreate, kChange, kDelete };
enum class SpecKind : uint8_t {
  kName,
  kSettings,
  kProvider,
  kUser,
  kPolicy,
  kRelay,
  kNode,
  kWebhook,
};
absl::string_view ToString(SpecVerb verb);
absl::string_view ToString(SpecKind kind);

// One step. Of a list, `now` and `wanted` are indexes in it; -1: not there.
struct SpecChange {
  SpecVerb verb = SpecVerb::kChange;
  SpecKind kind = SpecKind::kName;
  int now = -1;
  int wanted = -1;
  std::string name;
  std::string detail;  // "role: member -> admin; tags: +tag:web"
};

// Brings lists whose order means nothing into one order. To be called before
// the functions below.
void Normalise(v1::TailnetSpec& spec);

// Whether the document fits together: INVALID_ARGUMENT names what stands there
// twice, or refers to something that does not.
absl::Status CheckSpec(const v1::TailnetSpec& spec);

// The steps in the order of doing. What `wanted` does not name stays, unless
// `prune`. Nodes are told apart by their machine key, and if that is not given
// by name; providers, users and webhooks by name, relays by id.
std::vector<SpecChange> PlanSpec(const v1::TailnetSpec& now,
                                 const v1::TailnetSpec& wanted, bool prune);

}  // namespace warren::control

#endif  // WARREN_CONTROL_DOCUMENT_PLAN_H_
