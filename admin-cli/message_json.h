#ifndef WARREN_ADMIN_CLI_MESSAGE_JSON_H_
#define WARREN_ADMIN_CLI_MESSAGE_JSON_H_

#include <google/protobuf/message.h>

#include "io/cli/json.h"

namespace warren::admin {

// A message as --json shows it: the fields by their names, times ("created_ms")
// as RFC 3339 under the name without "_ms".
cli::Json ToJson(const google::protobuf::Message& message);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_MESSAGE_JSON_H_
