#ifndef WARREN_IO_CLI_COMPLETION_H_
#define WARREN_IO_CLI_COMPLETION_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace warren::cli {

// What may follow a command.
struct Words {
  std::vector<std::pair<std::string, Words>> commands;
  std::vector<std::string> options;  // with dashes
  std::string argument;  // what its first word without a dash names: "node"
};

// What may be the next word.
struct Completion {
  std::vector<std::string> words;  // commands and options
  std::string argument;            // a thing of this kind; empty: none
};
// `line`: the words so far, without the program's name.
Completion Complete(const Words& words, const std::vector<std::string>& line);

// Whether no shell takes any of its characters for something else.
bool IsPlainWord(absl::string_view word);

// The hidden first word by which the scripts ask the program itself: the words
// so far follow it.
inline constexpr char kCompleteWord[] = "__complete";

// Scripts for shells: source <(program completion bash), and so on. Where the
// program has nothing to say, bash and zsh complete names of files.
std::string BashCompletion(const std::string& program);
std::string ZshCompletion(const std::string& program);
std::string FishCompletion(const std::string& program);

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_COMPLETION_H_
