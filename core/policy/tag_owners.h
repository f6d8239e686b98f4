#ifndef WARREN_CORE_POLICY_TAG_OWNERS_H_
#define WARREN_CORE_POLICY_TAG_OWNERS_H_

#include "absl/strings/string_view.h"
#include "core/policy/policy.h"
#include "core/policy/topology.h"

// Who may give a tag to a device: `tagOwners` (specs/control-ts2021.md 6.1).
namespace warren::policy {

// Whether `user` itself, one of its groups (nested ones, and those of its
// provider) or its role is an owner of `tag`. Guests own nothing.
bool UserOwnsTag(const Policy& policy, const User& user, absl::string_view tag);

// Whether what has `owner`, another tag, may give `tag`. Every tag may give
// itself.
bool TagOwnsTag(const Policy& policy, absl::string_view owner,
                absl::string_view tag);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_TAG_OWNERS_H_
