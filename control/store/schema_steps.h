#ifndef WARREN_CONTROL_STORE_SCHEMA_STEPS_H_
#define WARREN_CONTROL_STORE_SCHEMA_STEPS_H_

#include <span>

namespace warren::control {

// What going back would lose: a count that is not 0, and of what.
struct SchemaLoss {
  const char* what;
  const char* count_sql;
};

// Brings the schema from its index to the next version, and back. A step that
// was ever released does not change; a new one is added at the end.
struct SchemaStep {
  const char* what;     // it adds
  const char* forward;  // statements
  const char* back;
  std::span<const SchemaLoss> losses;
};

std::span<const SchemaStep> SchemaSteps();

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_SCHEMA_STEPS_H_
