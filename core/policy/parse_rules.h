#ifndef WARREN_CORE_POLICY_PARSE_RULES_H_
#define WARREN_CORE_POLICY_PARSE_RULES_H_

#include "core/policy/hujson.h"
#include "core/policy/parse_shape.h"
#include "core/policy/policy.h"

// One entry of a section each (specs/control-ts2021.md 6.1).
namespace warren::policy {

Acl ReadAcl(const JsonValue& value, ShapeReader& shape);
Grant ReadGrant(const JsonValue& value, ShapeReader& shape);
SshRule ReadSshRule(const JsonValue& value, ShapeReader& shape);
NodeAttribute ReadNodeAttribute(const JsonValue& value, ShapeReader& shape);
Test ReadTest(const JsonValue& value, ShapeReader& shape);
SshTest ReadSshTest(const JsonValue& value, ShapeReader& shape);
AutoApprovers ReadAutoApprovers(const JsonValue& value, ShapeReader& shape);
// {"name": [members]}
std::vector<Definition> ReadDefinitions(const JsonValue& value,
                                        ShapeReader& shape,
                                        absl::string_view what);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_PARSE_RULES_H_
