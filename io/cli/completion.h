#ifndef WARREN_IO_CLI_COMPLETION_H_
#define WARREN_IO_CLI_COMPLETION_H_

#include <string>
#include <utility>
#include <vector>

namespace warren::cli {

// What may follow a command.
struct Words {
  std::vector<std::pair<std::string, Words>> commands;
  std::vector<std::string> options;  // with dashes
};

// A script for bash that completes the commands and options of `program`, and
// file names elsewhere. Use: source <(program completion bash)
std::string BashCompletion(const std::string& program, const Words& words);

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_COMPLETION_H_
