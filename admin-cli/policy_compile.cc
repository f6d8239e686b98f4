#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "admin-cli/nouns.h"
#include "admin-cli/policy_case.h"
#include "admin-cli/policy_source.h"

namespace warren::admin {
namespace {

absl::Status Compile(const std::string& path) {
  const auto text = ReadInput(path);
  if (!text.ok()) return text.status();
  const auto read = ReadPolicyCase(*text);
  if (!read.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", read.status().message()));
  }
  std::cout << CompilePolicyCase(*read) << std::flush;
  return std::cout.good() ? absl::OkStatus()
                          : absl::UnavailableError("cannot write the answer");
}

}  // namespace

void AddPolicyCompile(cli::Command policy) {
  const auto path = std::make_shared<std::string>();
  cli::Command compile = policy.Add(
      "compile",
      "Prints, as JSON, what a policy means for each node of a tailnet; needs "
      "no server");
  compile.Argument(
      "CASE",
      "A JSON file with \"policy\" and \"topology\"; - is the standard input. "
      "A policy that is refused is an answer too: {\"status\": 400, ...}, "
      "exit code 0",
      path.get());
  compile.Does([path] {
    const absl::Status status = Compile(*path);
    // The command line is fine: exit code 1, not 2.
    return status.ok() ? status
                       : absl::FailedPreconditionError(status.message());
  });
}

}  // namespace warren::admin
