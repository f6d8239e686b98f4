#ifndef WARREN_ADMIN_CLI_EXAMPLES_H_
#define WARREN_ADMIN_CLI_EXAMPLES_H_

#include "io/cli/command.h"

namespace warren::admin {

// The examples that --help shows: at least one of every command.
void AddExamples(cli::Program& program);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_EXAMPLES_H_
