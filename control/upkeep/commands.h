#ifndef WARREN_CONTROL_UPKEEP_COMMANDS_H_
#define WARREN_CONTROL_UPKEEP_COMMANDS_H_

#include <functional>
#include <string>

#include "CLI/CLI.hpp"

namespace warren::control {

// The commands of warren-control that look after the state folder: doctor,
// backup, restore, upgrade, downgrade. What they say is for people, or JSON
// with --json.
class UpkeepCommands {
 public:
  // Adds them to `app`, which this must outlive.
  explicit UpkeepCommands(CLI::App& app);
  // Runs the one that was given, if one was: its exit code. 0: done, or all is
  // well; 1: not, and standard error says why in one line.
  bool IsGiven() const { return static_cast<bool>(chosen_); }
  int Run() const { return chosen_(); }

 private:
  CLI::App& Add(CLI::App& app, const char* name, const char* help,
                int (UpkeepCommands::*run)() const);
  int RunDoctor() const;
  int RunBackup() const;
  int RunRestore() const;
  int RunUpgrade() const;
  int RunDowngrade() const;

  std::string folder_ = "/var/lib/warren-control";
  std::string file_;
  int64_t schema_ = 0;
  bool force_ = false;
  bool check_ = false;
  bool json_ = false;
  std::function<int()> chosen_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_UPKEEP_COMMANDS_H_
