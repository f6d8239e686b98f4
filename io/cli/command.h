#ifndef WARREN_IO_CLI_COMMAND_H_
#define WARREN_IO_CLI_COMMAND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace CLI {
class App;
}

// The command lines of our tools, declared once for parsing, --help and shell
// completion. One rule for all: of an option given twice the last one counts,
// and the options of a command may also follow its sub-commands.
namespace warren::cli {

// What a tool ends with.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // refused, or could not be done
inline constexpr int kExitUsage = 2;   // the command line makes no sense

// One command of a tool. A handle; copies mean the same command. Where values
// go must outlive the parse.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  // A sub-command.
  Command Add(const std::string& name, const std::string& help);

  // Options: `names` such as "--json" or "-c,--count".
  Command& Flag(const std::string& names, const std::string& help, bool* value);
  Command& Text(const std::string& names, const std::string& help,
                const std::string& hint, std::string* value);
  Command& Number(const std::string& names, const std::string& help,
                  uint32_t min, uint32_t max, uint32_t* value);
  // As ParseSpan() reads it.
  Command& Span(const std::string& names, const std::string& help,
                std::optional<absl::Duration>* value);
  // May be given several times.
  Command& List(const std::string& names, const std::string& help,
                const std::string& hint, std::vector<std::string>* values);
  // What was added last must be given.
  Command& Required();
  // Words without a dash, in the order of these calls. `hint` names the word.
  Command& Argument(const std::string& hint, const std::string& help,
                    std::string* value);
  Command& OptionalArgument(const std::string& hint, const std::string& help,
                            std::string* value);

  // What the command does. INVALID_ARGUMENT from UsageError() ends the tool
  // with kExitUsage, every other error with kExitFailed.
  void Does(std::function<absl::Status()> run);

 private:
  friend class Program;
  CLI::App* app_;
};

// That the words of the command line do not fit together.
absl::Status UsageError(absl::string_view text);

// "45s", "90m", "1h30m", "30d", "2w". INVALID_ARGUMENT names what else it is.
absl::StatusOr<absl::Duration> ParseSpan(absl::string_view text);

// A tool: its tree of commands and its end.
class Program {
 public:
  // `about` is the first line of --help. Adds --version and `completion`.
  Program(const std::string& name, const std::string& about);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Command root() { return Command(app_.get()); }

  // What things of a kind (the hint of an argument: "node") are called now, for
  // completion. Must be quick and quiet.
  using Names = std::function<std::vector<std::string>(const std::string&)>;
  void set_names(Names names) { names_ = std::move(names); }
  // A line for the --help of the command at `path`, such as "node rename",
  // which there must be; several add up.
  void AddExample(const std::string& path, const std::string& line);
  // While `*json`, errors are JSON: {"error": {"code", "message"}} on stderr.
  void set_json_errors(const bool* json) { json_errors_ = json; }

  // Parses, runs, and says in one line on stderr what went wrong. Returns the
  // exit code. What was printed but could not be written is a failure.
  int Run(int argc, const char* const* argv);

 private:
  void AddCompletion();
  int RunParsed();
  int Complain(const absl::Status& status, int exit_code) const;
  int CompleteWords(int argc, const char* const* argv) const;

  std::unique_ptr<CLI::App> app_;
  Names names_;
  const bool* json_errors_ = nullptr;
};

// `text` with what could drive a terminal replaced by '?'.
std::string Printable(absl::string_view text);

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_COMMAND_H_
