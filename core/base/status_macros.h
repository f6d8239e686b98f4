#ifndef WARREN_CORE_BASE_STATUS_MACROS_H_
#define WARREN_CORE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Debian's Abseil has neither of these.

// Returns the status of `expression` from the enclosing function unless OK.
#define WARREN_RETURN_IF_ERROR(expression)           \
  do {                                               \
    ::absl::Status warren_status_ = (expression);    \
    if (!warren_status_.ok()) return warren_status_; \
  } while (false)

#define WARREN_STATUS_CONCAT_INNER_(a, b) a##b
#define WARREN_STATUS_CONCAT_(a, b) WARREN_STATUS_CONCAT_INNER_(a, b)

// Moves the value of a StatusOr into `declaration`, or returns its status:
//   WARREN_ASSIGN_OR_RETURN(const Key key, ParseKey(text));
#define WARREN_ASSIGN_OR_RETURN(declaration, expression)                      \
  WARREN_ASSIGN_OR_RETURN_(WARREN_STATUS_CONCAT_(warren_statusor_, __LINE__), \
                           declaration, expression)
#define WARREN_ASSIGN_OR_RETURN_(variable, declaration, expression) \
  auto variable = (expression);                                     \
  if (!variable.ok()) return std::move(variable).status();          \
  declaration = *std::move(variable)

#endif  // WARREN_CORE_BASE_STATUS_MACROS_H_
