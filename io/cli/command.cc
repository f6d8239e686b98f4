#include "io/cli/command.h"

#include <csignal>
#include <cstdio>
#include <map>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/version.h"
#include "io/cli/completion.h"
#include "io/cli/json.h"

namespace warren::cli {
namespace {

constexpr char kUsagePayload[] = "warren.cli/usage";

// What each command does. CLI11's own callbacks run while it parses.
std::map<const CLI::App*, std::function<absl::Status()>>& Actions() {
  static auto* const actions =
      new std::map<const CLI::App*, std::function<absl::Status()>>();
  return *actions;
}

CLI::Option* Last(CLI::Option* option) {
  return option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

// The command that was named last.
const CLI::App* Chosen(const CLI::App* app) {
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
  }
  return app;
}

std::string PathOf(const CLI::App* app) {
  const CLI::App* parent = app->get_parent();
  return parent == nullptr ? app->get_name()
                           : absl::StrCat(PathOf(parent), " ", app->get_name());
}

// Names, dashed or not, that may follow `app`.
Words WordsOf(const CLI::App& app) {
  Words words;
  for (const CLI::App* sub : app.get_subcommands({})) {
    words.commands.emplace_back(sub->get_name(), WordsOf(*sub));
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words.options.push_back("--" + name);
    }
    if (option->get_positional() && words.argument.empty()) {
      words.argument = option->get_name(/*positional=*/true);
    }
  }
  return words;
}

// What is wrong when a command does not know some of its words. Values are
// not repeated: one may be a secret after a misspelt option.
std::string UnknownWords(const CLI::App& app) {
  for (const std::string& word : app.remaining(/*recurse=*/true)) {
    if (absl::StartsWith(word, "-")) {
      return absl::StrCat("no option ", word.substr(0, word.find('=')));
    }
  }
  return "there are more words than this command takes";
}

// Of a command that was named without one of its own commands. A word is
// repeated only where no misspelt option comes before, whose value it may be.
std::string MissingCommand(const CLI::App& root, const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) {
    names.push_back(sub->get_name());
  }
  const std::vector<std::string> rest = root.remaining(/*recurse=*/true);
  const std::string all = absl::StrJoin(names, ", ");
  if (rest.empty()) {
    return absl::StrCat(PathOf(&app), " needs one of: ", all);
  }
  const std::string& word = rest.front();
  if (absl::StartsWith(word, "-")) return UnknownWords(root);
  for (const std::string& name : names) {
    if (absl::StartsWith(word, name) || absl::StartsWith(name, word)) {
      return absl::StrCat("there is no command \"", word, "\"; did you mean ",
                          PathOf(&app), " ", name, "?");
    }
  }
  return absl::StrCat("there is no command \"", word, "\"; ", PathOf(&app),
                      " has: ", all);
}

// Those of the tool itself that are among `words`: which server to ask.
void TakeOptions(const std::vector<std::string>& words, CLI::App& app) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (!absl::StartsWith(words[i], "--")) continue;
    CLI::Option* const option = app.get_option_no_throw(words[i]);
    if (option == nullptr || option->get_items_expected_max() == 0) continue;
    option->add_result(words[i + 1]);
    option->run_callback();
  }
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      c = c == '\n' || c == '\t' ? ' ' : '?';
    }
  }
  return out;
}

absl::Status UsageError(absl::string_view text) {
  absl::Status status = absl::InvalidArgumentError(text);
  status.SetPayload(kUsagePayload, absl::Cord("1"));
  return status;
}

absl::StatusOr<absl::Duration> ParseSpan(absl::string_view text) {
  const auto bad = [text] {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is not a time span like 45s, 90m, 1h30m, 30d or 2w"));
  };
  absl::Duration sum;
  absl::string_view rest = text;
  while (!rest.empty()) {
    size_t digits = 0;
    while (digits < rest.size() &&
           absl::ascii_isdigit(static_cast<unsigned char>(rest[digits]))) {
      ++digits;
    }
    int32_t number = 0;
    if (digits == rest.size() ||
        !absl::SimpleAtoi(rest.substr(0, digits), &number)) {
      return bad();
    }
    switch (rest[digits]) {
      case 's':
        sum += absl::Seconds(number);
        break;
      case 'm':
        sum += absl::Minutes(number);
        break;
      case 'h':
        sum += absl::Hours(number);
        break;
      case 'd':
        sum += absl::Hours(24) * number;
        break;
      case 'w':
        sum += absl::Hours(168) * number;
        break;
      default:
        return bad();
    }
    rest.remove_prefix(digits + 1);
  }
  if (sum <= absl::ZeroDuration()) return bad();
  return sum;
}

Command Command::Add(const std::string& name, const std::string& help) {
  CLI::App* sub = app_->add_subcommand(name, help);
  sub->fallthrough();
  // A command with sub-commands does nothing by itself.
  app_->require_subcommand(1);
  return Command(sub);
}

Command& Command::Flag(const std::string& names, const std::string& help,
                       bool* value) {
  app_->add_flag(names, *value, help)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  return *this;
}

Command& Command::Text(const std::string& names, const std::string& help,
                       const std::string& hint, std::string* value) {
  Last(app_->add_option(names, *value, help))->option_text(hint);
  return *this;
}

Command& Command::Number(const std::string& names, const std::string& help,
                         uint32_t min, uint32_t max, uint32_t* value) {
  Last(app_->add_option(names, *value, help))
      ->check(CLI::Range(min, max))
      ->option_text(absl::StrCat(min, "..", max));
  return *this;
}

Command& Command::Span(const std::string& names, const std::string& help,
                       std::optional<absl::Duration>* value) {
  Last(app_->add_option_function<std::string>(
           names,
           [value, names](const std::string& text) {
             const auto span = ParseSpan(text);
             if (!span.ok()) {
               throw CLI::ValidationError(names,
                                          std::string(span.status().message()));
             }
             *value = *span;
           },
           help))
      ->option_text("SPAN");
  return *this;
}

Command& Command::List(const std::string& names, const std::string& help,
                       const std::string& hint,
                       std::vector<std::string>* values) {
  app_->add_option(names, *values, help)
      ->option_text(hint)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return *this;
}

Command& Command::Required() {
  CLI::Option* option = app_->get_options().back();
  option->required()->description(option->get_description() + " (required)");
  return *this;
}

Command& Command::Argument(const std::string& hint, const std::string& help,
                           std::string* value) {
  app_->add_option(hint, *value, help)->required()->option_text(" ");
  return *this;
}

Command& Command::OptionalArgument(const std::string& hint,
                                   const std::string& help,
                                   std::string* value) {
  app_->add_option(hint, *value, help)->option_text(" ");
  return *this;
}

void Command::Does(std::function<absl::Status()> run) {
  Actions()[app_] = std::move(run);
}

Program::Program(const std::string& name, const std::string& about)
    : app_(std::make_unique<CLI::App>(about, name)) {
  app_->set_version_flag("--version", absl::StrCat(name, " ", kVersion));
  AddCompletion();
}

void Program::AddCompletion() {
  static std::string shell;
  Command completion =
      root().Add("completion", "Print a completion script for a shell");
  completion.Argument("shell", "bash, zsh or fish", &shell);
  completion.Does([this] {
    const std::string& name = app_->get_name();
    std::string script;
    if (shell == "bash") {
      script = BashCompletion(name);
    } else if (shell == "zsh") {
      script = ZshCompletion(name);
    } else if (shell == "fish") {
      script = FishCompletion(name);
    } else {
      return UsageError(absl::StrCat("there is no completion for \"", shell,
                                     "\", only for bash, zsh and fish"));
    }
    std::fputs(script.c_str(), stdout);
    return absl::OkStatus();
  });
}

Program::~Program() = default;

void Program::AddExample(const std::string& path, const std::string& line) {
  CLI::App* command = app_.get();
  for (const absl::string_view name : absl::StrSplit(path, ' ')) {
    command = command->get_subcommand(std::string(name));
  }
  const std::string before = command->get_footer();
  command->footer(
      absl::StrCat(before.empty() ? "Examples:" : before, "\n  ", line));
}

int Program::Complain(const absl::Status& status, int exit_code) const {
  if (json_errors_ != nullptr && *json_errors_) {
    Json error = Json::Object();
    error.Set("code", absl::StatusCodeToString(status.code()))
        .Set("message", std::string(status.message()));
    std::fputs(Json::Object().Set("error", error).ToString().c_str(), stderr);
    return exit_code;
  }
  std::fprintf(stderr, "%s: %s\n", app_->get_name().c_str(),
               Printable(status.message()).c_str());
  return exit_code;
}

// What may follow the words so far, one a line.
int Program::CompleteWords(int argc, const char* const* argv) const {
  const std::vector<std::string> words(argv, argv + argc);
  const Completion found = Complete(WordsOf(*app_), words);
  for (const std::string& word : found.words) std::puts(word.c_str());
  if (found.argument.empty() || !names_) return kExitOk;
  TakeOptions(words, *app_);
  for (const std::string& name : names_(found.argument)) {
    // What a shell would take for something else is not offered.
    if (IsPlainWord(name)) std::puts(name.c_str());
  }
  return kExitOk;
}

int Program::Run(int argc, const char* const* argv) {
  // A reader that is gone is an error like others.
  std::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && absl::string_view(argv[1]) == kCompleteWord) {
    return CompleteWords(argc - 2, argv + 2);
  }
  int exit_code = kExitUsage;
  try {
    app_->parse(argc, argv);
    exit_code = RunParsed();
  } catch (const CLI::Success& asked) {
    exit_code = app_->exit(asked);  // --help or --version, to stdout.
  } catch (const CLI::ExtrasError&) {
    Complain(UsageError(absl::StrCat(UnknownWords(*app_), " (see ",
                                     PathOf(Chosen(app_.get())), " --help)")),
             kExitUsage);
  } catch (const CLI::ParseError& error) {
    const CLI::App& chosen = *Chosen(app_.get());
    const bool has_commands = !chosen.get_subcommands({}).empty();
    Complain(UsageError(absl::StrCat(
                 has_commands ? MissingCommand(*app_, chosen) : error.what(),
                 " (see ", PathOf(&chosen), " --help)")),
             kExitUsage);
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return Complain(
        absl::UnavailableError("the standard output cannot be written to"),
        kExitFailed);
  }
  return exit_code;
}

int Program::RunParsed() {
  const auto action = Actions().find(Chosen(app_.get()));
  const absl::Status status =
      action == Actions().end() ? UsageError("no command") : action->second();
  if (status.ok()) return kExitOk;
  return Complain(status,
                  status.GetPayload(kUsagePayload) ? kExitUsage : kExitFailed);
}

}  // namespace warren::cli
