#ifndef WARREN_IO_CLI_RUN_TOOL_H_
#define WARREN_IO_CLI_RUN_TOOL_H_

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "io/fd.h"

// Test only.
namespace warren::cli {

struct ToolResult {
  int exit_code = -1;
  std::string out, err;
};

inline std::string ReadAll(const io::Fd& fd) {
  std::string all;
  std::array<char, 4096> buffer;
  ssize_t n;
  while ((n = read(fd.get(), buffer.data(), buffer.size())) > 0) {
    all.append(buffer.data(), static_cast<size_t>(n));
  }
  return all;
}

// Runs `program` with `arguments`, an empty stdin and, besides PATH, only the
// environment given as "NAME=value"; waits for its end.
inline ToolResult RunTool(const std::string& program,
                          std::vector<std::string> arguments,
                          std::vector<std::string> environment = {}) {
  int out[2], err[2];
  WARREN_CHECK(pipe(out) == 0 && pipe(err) == 0);
  arguments.insert(arguments.begin(), program);
  std::vector<char*> argv, envp;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  for (std::string& variable : environment) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const pid_t child = fork();
  WARREN_CHECK(child >= 0);
  if (child == 0) {
    close(STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    for (const int fd : {out[0], out[1], err[0], err[1]}) close(fd);
    execve(program.c_str(), argv.data(), envp.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  const io::Fd out_end(out[0]), err_end(err[0]);
  ToolResult result;
  std::thread reader([&] { result.err = ReadAll(err_end); });
  result.out = ReadAll(out_end);
  reader.join();
  int status = 0;
  WARREN_CHECK(waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_RUN_TOOL_H_
