#include "io/cli/completion.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace warren::cli {
namespace {

std::string FunctionOf(const std::string& program) {
  return absl::StrCat("_", absl::StrReplaceAll(program, {{"-", "_"}}));
}

}  // namespace

Completion Complete(const Words& words, const std::vector<std::string>& line) {
  const Words* at = &words;
  std::vector<std::string> options = words.options;
  bool has_argument = false;
  for (const std::string& word : line) {
    const auto below = std::find_if(
        at->commands.begin(), at->commands.end(),
        [&word](const auto& entry) { return entry.first == word; });
    if (below == at->commands.end()) {
      // After an option comes its value, perhaps.
      has_argument = has_argument || (at->commands.empty() && !word.empty() &&
                                      word.front() != '-');
      continue;
    }
    at = &below->second;
    options.insert(options.end(), at->options.begin(), at->options.end());
  }
  Completion found;
  for (const auto& [name, below] : at->commands) found.words.push_back(name);
  for (std::string& option : options) {
    if (std::find(found.words.begin(), found.words.end(), option) ==
        found.words.end()) {
      found.words.push_back(std::move(option));
    }
  }
  if (!has_argument) found.argument = at->argument;
  return found;
}

bool IsPlainWord(absl::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || absl::StrContains("@._-:", c);
         });
}

std::string BashCompletion(const std::string& program) {
  const std::string function = FunctionOf(program);
  return absl::StrCat(function, "() {\n",
                      "  local cur=${COMP_WORDS[COMP_CWORD]} words\n"
                      "  words=$(",
                      program, " ", kCompleteWord,
                      " \"${COMP_WORDS[@]:1:COMP_CWORD-1}\" 2>/dev/null)\n"
                      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                      "}\n"
                      "complete -o default -F ",
                      function, " ", program, "\n");
}

std::string ZshCompletion(const std::string& program) {
  const std::string function = FunctionOf(program);
  return absl::StrCat("#compdef ", program, "\n", function,
                      "() {\n"
                      "  local -a found\n"
                      "  found=(${(f)\"$(",
                      program, " ", kCompleteWord,
                      " ${words[2,CURRENT-1]} 2>/dev/null)\"})\n"
                      "  compadd -a found || _files\n"
                      "}\n"
                      "compdef ",
                      function, " ", program, "\n");
}

std::string FishCompletion(const std::string& program) {
  return absl::StrCat("complete -c ", program, " -f -a '(", program, " ",
                      kCompleteWord,
                      " (commandline -opc)[2..-1] 2>/dev/null)'\n");
}

}  // namespace warren::cli
