#include "io/cli/completion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace warren::cli {
namespace {

// One line for the command at `path` ("" or " node list") and those below it:
// the words that may follow. Options of the commands above may follow too.
void AddCases(const std::string& path, const Words& words,
              const std::vector<std::string>& inherited, std::string& script) {
  std::vector<std::string> options = inherited;
  for (const std::string& option : words.options) {
    if (std::find(options.begin(), options.end(), option) == options.end()) {
      options.push_back(option);
    }
  }
  std::vector<std::string> next = options;
  for (const auto& [name, below] : words.commands) next.push_back(name);
  absl::StrAppend(&script, "    '", path, "') words='",
                  absl::StrJoin(next, " "), "' ;;\n");
  for (const auto& [name, below] : words.commands) {
    AddCases(absl::StrCat(path, " ", name), below, options, script);
  }
}

void AddPaths(const std::string& path, const Words& words,
              std::vector<std::string>& paths) {
  for (const auto& [name, below] : words.commands) {
    const std::string next = absl::StrCat(path, " ", name);
    paths.push_back(absl::StrCat("'", next, "'"));
    AddPaths(next, below, paths);
  }
}

}  // namespace

std::string BashCompletion(const std::string& program, const Words& words) {
  const std::string function =
      absl::StrCat("_", absl::StrReplaceAll(program, {{"-", "_"}}));
  std::vector<std::string> paths;
  AddPaths("", words, paths);
  std::string cases;
  AddCases("", words, {}, cases);
  return absl::StrCat(
      function, "() {\n",
      "  local cur=${COMP_WORDS[COMP_CWORD]} path='' words='' i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in\n      ",
      absl::StrJoin(paths, "|"),
      ") path=\"$path ${COMP_WORDS[i]}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n",
      cases,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
      "}\n"
      "complete -o default -F ",
      function, " ", program, "\n");
}

}  // namespace warren::cli
