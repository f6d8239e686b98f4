#ifndef WARREN_ADMIN_CLI_NODE_JSON_H_
#define WARREN_ADMIN_CLI_NODE_JSON_H_

#include "io/cli/json.h"
#include "warren/v1/admin.pb.h"

namespace warren::admin {

// A node as every verb prints it with --json.
cli::Json ToJson(const v1::AdminNode& admin);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_NODE_JSON_H_
